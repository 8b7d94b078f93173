package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three instances with the shipped chain on one PostgreSQL and one Redis, and a client that asks one after another. */
class ThreeInstancesTest {
    private static final RealPostgres POSTGRES = RealPostgres.start();
    private static final RealRedis REDIS = RealRedis.start();
    private static final SimServer SIM = TestGateway.sim(SimKind.OPENAI, "gpt", "minilm");
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO = "{'model': 'gpt', 'messages': [{'role': 'user', 'content': 'hi'}]}";
    private static final int UNIT = 60_000_000;

    private final List<TestGateway> instances = new ArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();

    @BeforeEach
    void start() {
        String database = POSTGRES.newDatabase();
        for (int i = 0; i < 3; i++) {
            instances.add(TestGateway.start("""
                    database: {url: "%s"}
                    redis: {url: "%s", timeout: 5s}
                    backends: {a: {url: "%s", kind: openai}}
                    models:
                      gpt: {targets: [{backend: a, model: gpt}]}
                      vectors: {targets: [{backend: a, model: minilm}]}
                    discover_models: false
                    pipeline: [cors, audit, usage, auth, rate_limit, cache, transform]
                    middleware: {rate_limit: {store: redis, on_store_failure: reject}}
                    """.formatted(database, REDIS.url(), SIM.url())));
        }
        for (TestGateway instance : instances) {
            Await.until(
                    LONG,
                    "both stores are up",
                    () -> instance.get("/readyz").statusCode() == 200 && instance.metric("weir_redis_up") == 1);
        }
    }

    @AfterEach
    void stop() {
        instances.forEach(TestGateway::close);
    }

    @AfterAll
    static void stopStores() {
        SIM.close();
        REDIS.close();
        POSTGRES.close();
    }

    /** The instance whose turn it is. */
    private TestGateway next() {
        return instances.get(turn.getAndIncrement() % instances.size());
    }

    private static HttpResponse<String> manage(TestGateway instance, String method, String path, String json) {
        return instance.send(
                method, "/management/" + path, json, "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    /** Makes a key on one instance, and waits until all know it. */
    private JsonNode newKey(String limits) {
        HttpResponse<String> made = manage(next(), "POST", "keys", "{'name': 'shared', 'limits': " + limits + "}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        JsonNode key = json(made);
        for (TestGateway instance : instances) {
            Await.until(
                    LONG,
                    "the key is known",
                    () -> send(instance, key, "GET", "/v1/nothing", "").statusCode() == 404);
        }
        REDIS.say("DEL", "weir:{limit}:key:" + key.path("id").asText());
        return key;
    }

    private static HttpResponse<String> send(
            TestGateway instance, JsonNode key, String method, String path, String json) {
        return instance.send(
                method, path, json, "authorization", "Bearer " + key.path("key").asText());
    }

    @Test
    void asManyRequestsPassAsOneInstanceWouldLetPass() throws Exception {
        int limit = 6;
        JsonNode key = newKey("{'requests_per_minute': " + limit + "}");
        ExecutorService clients = Executors.newFixedThreadPool(6);
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            calls.add(() -> send(next(), key, "POST", CHAT, HELLO).statusCode());
        }
        long began = System.nanoTime();
        int passed = 0;
        for (Future<Integer> call : clients.invokeAll(calls)) {
            int status = call.get();
            assertThat(status).isIn(200, 429);
            passed += status == 200 ? 1 : 0;
        }
        clients.shutdown();
        // One more fits every ten seconds.
        long refilled = Duration.ofNanos(System.nanoTime() - began).toSeconds() * limit / 60;
        assertThat(passed).isBetween(limit, limit + (int) refilled);
        assertThat(next().post(CHAT, HELLO).statusCode()).isEqualTo(200);
    }

    @Test
    void asManyTokensPassAsOneInstanceWouldLetPass() {
        int limit = 600;
        int answerTokens = 100;
        String question = HELLO.replace("}]}", "}], 'max_tokens': " + answerTokens + "}");
        int reserved = 1 + question.length() / 4 + answerTokens;
        JsonNode key = newKey("{'tokens_per_minute': " + limit + "}");
        long began = System.nanoTime();
        int used = 0;
        int usedBefore = 0;
        for (HttpResponse<String> answer = send(next(), key, "POST", CHAT, question);
                answer.statusCode() == 200;
                answer = send(next(), key, "POST", CHAT, question)) {
            usedBefore = used;
            used += json(answer).at("/usage/total_tokens").asInt();
            awaitSettled(key, used);
        }
        long refilled = Duration.ofNanos(System.nanoTime() - began).toMillis() * limit / 60_000 + 1;

        assertThat(usedBefore + reserved).as("the last that passed fitted").isLessThanOrEqualTo((int)
                (limit + refilled));
        assertThat(used + reserved).as("the first that was refused did not").isGreaterThan(limit);
        HttpResponse<String> refused = send(next(), key, "POST", CHAT, question);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).contains("600 tokens a minute");
    }

    /** What was reserved beyond what was used is given back behind the answer. */
    private static void awaitSettled(JsonNode key, int used) {
        String levels = "weir:{limit}:key:" + key.path("id").asText();
        Await.until(LONG, "the answer is settled", () -> {
            String debt = REDIS.say("HGET", levels, "tokens");
            String[] lines = debt.split("\r\n", -1);
            return lines.length > 1 && Long.parseLong(lines[1]) <= (long) used * UNIT;
        });
    }

    @Test
    void aKeyRevokedOnOneIsRefusedByAllWithinTwoSeconds() {
        JsonNode key = newKey("{}");
        for (TestGateway instance : instances) {
            assertThat(send(instance, key, "POST", CHAT, HELLO).statusCode()).isEqualTo(200);
        }

        HttpResponse<String> answer =
                manage(next(), "DELETE", "keys/" + key.path("id").asText(), "");
        long revoked = System.nanoTime();
        assertThat(answer.statusCode()).isEqualTo(200);
        for (TestGateway instance : instances) {
            Await.until(
                    LONG,
                    "it is refused",
                    () -> send(instance, key, "POST", CHAT, HELLO).statusCode() == 401);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - revoked)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void whatOneWasAnsweredTheOthersHaveInTheCache() {
        String question = "{'model': 'vectors', 'input': 'three weirs in one river'}";
        HttpResponse<String> first = next().post("/v1/embeddings", question);
        assertThat(first.headers().firstValue("x-weir-cache")).contains("miss");
        for (int i = 0; i < 2; i++) {
            TestGateway other = next();
            Await.until(
                    LONG,
                    "it is a hit",
                    () -> other.post("/v1/embeddings", question)
                            .headers()
                            .firstValue("x-weir-cache")
                            .orElse("")
                            .equals("hit"));
            assertThat(other.post("/v1/embeddings", question).body()).isEqualTo(first.body());
        }
    }

    @Test
    void anyOfThemTellsTheUsageOfAll() {
        long tokens = 0;
        for (int i = 0; i < 30; i++) {
            HttpResponse<String> answer = next().post(CHAT, HELLO);
            assertThat(answer.statusCode()).isEqualTo(200);
            tokens += json(answer).at("/usage/total_tokens").asLong();
        }
        long expected = tokens;
        for (TestGateway instance : instances) {
            Await.until(LONG, "all is told", () -> {
                JsonNode sum = json(manage(instance, "GET", "usage?group_by=model", ""));
                for (JsonNode line : sum.path("data")) {
                    if (line.path("model").asText().equals("gpt")) {
                        return line.path("requests").asLong() == 30
                                && line.path("total_tokens").asLong() == expected;
                    }
                }
                return false;
            });
        }
    }
}

package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.store.RealRedis;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.FaultyLink;
import dev.weir.testing.RawClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A gateway whose Redis is away at the start, slow, refuses, forgets, or holds what is not ours. */
class RedisFaultsTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final long TIMEOUT_MILLIS = 400;

    /** Where an answer that is late would be a refusal. */
    private static final long PATIENT_MILLIS = 5_000;

    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "{'model': 'gpt', 'max_tokens': 3, 'messages': [{'role': 'user', 'content': 'hi'}]}";
    private static final String VECTORS = "{'model': 'vectors', 'input': 'a weir'}";
    private static final long UNIT = 60_000_000;

    private final RealRedis redis = RealRedis.start();
    private final FaultyLink link = FaultyLink.to(redis.port());
    private final SimServer sim = TestGateway.sim(SimOptions.instant(SimKind.OPENAI).toBuilder()
            .models("gpt", "minilm")
            .tokensPerSecond(200)
            .build());

    private String levels = "";

    @AfterEach
    void stop() {
        sim.close();
        link.close();
        redis.close();
    }

    private TestGateway start(String onStoreFailure) {
        TestGateway gateway = TestGateway.start("""
                redis: {url: "redis://127.0.0.1:%d", timeout: %dms}
                backends: {a: {url: "%s", kind: openai}}
                models:
                  gpt: {targets: [{backend: a, model: gpt}]}
                  vectors: {targets: [{backend: a, model: minilm}]}
                discover_models: false
                pipeline: [cors, audit, usage, auth, rate_limit, cache, transform]
                middleware: {rate_limit: {on_store_failure: %s, management: {requests_per_minute: 1000000}}}
                """.formatted(
                        link.port(),
                        onStoreFailure.equals("reject") ? PATIENT_MILLIS : TIMEOUT_MILLIS,
                        sim.url(),
                        onStoreFailure));
        Await.until(LONG, "the database is up", () -> gateway.metric("weir_store_up{store=\"database\",}") == 1);
        return gateway;
    }

    private static boolean isUp(TestGateway gateway) {
        return gateway.metric("weir_redis_up") == 1;
    }

    private static void awaitUp(TestGateway gateway) {
        Await.until(LONG, "redis is up", () -> isUp(gateway));
    }

    /** Its secret; {@link #levels} is where it is counted from then on. */
    private String newKey(TestGateway gateway, String limits) {
        HttpResponse<String> made = gateway.send(
                "POST",
                "/management/keys",
                "{'name': 'k', 'limits': " + limits + "}",
                "authorization",
                "Bearer " + TestGateway.KEY);
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        levels = "weir:{limit}:key:" + json(made).path("id").asText();
        return json(made).path("key").asText();
    }

    private static HttpResponse<String> ask(TestGateway gateway, String key, String path, String body) {
        return gateway.send("POST", path, body, "authorization", "Bearer " + key);
    }

    private static void chatsPass(TestGateway gateway, String key, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(ask(gateway, key, CHAT, HELLO).statusCode()).isEqualTo(200);
        }
    }

    private static double storeFailures(TestGateway gateway) {
        return gateway.metric("weir_rate_limit_store_failures_total");
    }

    /** Whether limits are counted in Redis, as seen by one request. */
    private static boolean isAsked(TestGateway gateway, String key) {
        double before = storeFailures(gateway);
        assertThat(ask(gateway, key, CHAT, HELLO).statusCode()).isEqualTo(200);
        return storeFailures(gateway) == before;
    }

    @Test
    void itStartsWithoutRedisAndUsesItWhenItComes() {
        redis.stop();
        try (TestGateway gateway = start("local")) {
            String key = newKey(gateway, "{'requests_per_minute': 600}");
            chatsPass(gateway, key, 5);
            assertThat(ask(gateway, key, "/v1/embeddings", VECTORS).statusCode())
                    .isEqualTo(200);
            assertThat(gateway.get("/readyz").statusCode()).isEqualTo(200);

            redis.restart();
            awaitUp(gateway);
            Await.until(LONG, "limits are counted there", () -> isAsked(gateway, key));
        }
    }

    @Test
    void oneSlowerThanItsTimeLimitCostsAFewRequestsThatMuchAndTheOthersNothing() {
        try (TestGateway gateway = start("local")) {
            awaitUp(gateway);
            String key = newKey(gateway, "{'requests_per_minute': 6000}");
            chatsPass(gateway, key, 5);
            link.delay(Duration.ofMillis(3 * TIMEOUT_MILLIS));
            long began = System.nanoTime();
            chatsPass(gateway, key, 60);
            assertThat(Duration.ofNanos(System.nanoTime() - began).toMillis())
                    .as("60 requests, of which some met the limit of time")
                    .isLessThan(60 * TIMEOUT_MILLIS);

            link.pass();
            Await.until(LONG, "limits are counted there again", () -> isAsked(gateway, key));
        }
    }

    @ParameterizedTest
    @CsvSource({"REPLICAOF 127.0.0.1 1, REPLICAOF NO ONE", "CONFIG SET maxmemory 1, CONFIG SET maxmemory 0"})
    void oneThatRefusesIsAwayUntilItTakesWritesAgain(String fault, String mended) {
        try (TestGateway gateway = start("local")) {
            awaitUp(gateway);
            String key = newKey(gateway, "{'requests_per_minute': 6000}");
            chatsPass(gateway, key, 5);
            redis.say(fault.split(" ", -1));
            Await.until(LONG, "it is away", () -> {
                chatsPass(gateway, key, 1);
                return !isUp(gateway);
            });
            chatsPass(gateway, key, 10);
            assertThat(ask(gateway, key, "/v1/embeddings", VECTORS).statusCode())
                    .isEqualTo(200);

            redis.say(mended.split(" ", -1));
            awaitUp(gateway);
            Await.until(LONG, "limits are counted there again", () -> isAsked(gateway, key));
        }
    }

    @Test
    void levelsThatAreNotOursAreNotCountedWith() {
        try (TestGateway gateway = start("local")) {
            awaitUp(gateway);
            String key = newKey(gateway, "{'requests_per_minute': 600}");
            chatsPass(gateway, key, 1);
            redis.say("SET", levels, "nonsense");
            chatsPass(gateway, key, 5);
            assertThat(storeFailures(gateway)).isPositive();
            assertThat(isUp(gateway)).isTrue();

            redis.say("DEL", levels);
            Await.until(LONG, "limits are counted there again", () -> isAsked(gateway, key));
        }
    }

    /** Another kind of value, and one of 50 MiB. */
    @ParameterizedTest
    @ValueSource(strings = {"LPUSH %s x", "SETRANGE %s 52428800 x"})
    void aValueThatIsNotOursIsAMiss(String spoil) {
        try (TestGateway one = start("local");
                TestGateway other = start("local")) {
            awaitUp(one);
            awaitUp(other);
            HttpResponse<String> first = one.post("/v1/embeddings", VECTORS);
            assertThat(first.statusCode()).isEqualTo(200);
            Await.until(
                    LONG,
                    "it is kept",
                    () -> redis.say("KEYS", "weir:embeddings:*").contains("weir:embeddings"));
            String kept = redis.say("KEYS", "weir:embeddings:*").split("\r\n", -1)[2];
            redis.say("DEL", kept);
            redis.say(spoil.formatted(kept).split(" ", -1));

            HttpResponse<String> answer = other.post("/v1/embeddings", VECTORS);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("x-weir-cache")).contains("miss");
            assertThat(json(answer).path("data")).isEqualTo(json(first).path("data"));
            Await.until(LONG, "it is up", () -> isUp(other));
        }
    }

    @Test
    void restartedEmptyItCountsAnewFromNothing() {
        try (TestGateway gateway = start("reject")) {
            awaitUp(gateway);
            String key = newKey(gateway, "{'requests_per_minute': 3}");
            chatsPass(gateway, key, 3);
            assertThat(ask(gateway, key, CHAT, HELLO).statusCode()).isEqualTo(429);

            redis.restart();
            int passed = 0;
            int status = 503;
            long end = System.nanoTime() + LONG.toNanos();
            while (status != 429 && System.nanoTime() < end) {
                status = ask(gateway, key, CHAT, HELLO).statusCode();
                assertThat(status).isIn(200, 429, 503);
                passed += status == 200 ? 1 : 0;
            }
            assertThat(status).isEqualTo(429);
            assertThat(passed).as("one burst more").isBetween(3, 4);
        }
    }

    @Test
    void aClientThatLeavesAStreamIsCountedWithWhatItWasSent() {
        try (TestGateway gateway = start("reject")) {
            awaitUp(gateway);
            String key = newKey(gateway, "{'tokens_per_minute': 1000}");
            try (RawClient client = RawClient.connect(gateway.port())) {
                client.sendRequest(
                        "POST " + CHAT,
                        TestGateway.quoted("{'model': 'gpt', 'max_tokens': 900, 'stream': true,"
                                + " 'messages': [{'role': 'user', 'content': 'hi'}]}"),
                        "authorization: Bearer " + key);
                assertThat(client.readHead().status()).isEqualTo(200);
                assertThat(client.readSseEvent()).contains("data:");
                assertThat(tokenDebt()).as("reserved").isGreaterThan(800 * UNIT);
                client.reset();
            }
            Await.until(LONG, "the rest is given back", () -> tokenDebt() < 400 * UNIT);
        }
    }

    private long tokenDebt() {
        String[] debt = redis.say("HGET", levels, "tokens").split("\r\n", -1);
        return debt.length > 1 && !debt[1].isEmpty() ? Long.parseLong(debt[1]) : 0;
    }
}

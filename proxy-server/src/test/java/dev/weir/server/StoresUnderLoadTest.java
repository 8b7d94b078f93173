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
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients with known keys while the stores are killed and come back: they see nothing of it, and nothing is lost. */
class StoresUnderLoadTest {
    private static final Duration LONG = Duration.ofSeconds(90);
    private static final int CLIENTS = 4;
    private static final int SOME = 200;

    private final RealPostgres postgres = RealPostgres.start();
    private final RealRedis redis = RealRedis.start();
    private final SimServer sim = TestGateway.sim(SimKind.OPENAI, "gpt", "minilm");
    private final TestGateway gateway =
            TestGateway.start("""
            database: {url: "%s", pool_timeout: 2s, statement_timeout: 2s}
            redis: {url: "%s", timeout: 200ms}
            backends: {a: {url: "%s", kind: openai}}
            models:
              gpt: {targets: [{backend: a, model: gpt}]}
              vectors: {targets: [{backend: a, model: minilm}]}
            discover_models: false
            pipeline: [cors, audit, usage, auth, rate_limit, cache, transform]
            middleware:
              audit: {bodies: true}
              rate_limit:
                per_key: {requests_per_minute: 1000000, tokens_per_minute: 100000000, parallel: 100}
                management: {requests_per_minute: 1000000}
            """.formatted(postgres.newDatabase(), redis.url(), sim.url()));
    private final AtomicInteger sent = new AtomicInteger();

    /** What one client was answered. */
    private record Told(List<String> failures, Set<String> ids, long tokens) {}

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
        redis.close();
        postgres.close();
    }

    private HttpResponse<String> manage(String method, String path, String json) {
        return gateway.send(
                method, "/management/" + path, json, "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    private boolean databaseIsUp() {
        return gateway.metric("weir_store_up{store=\"database\",}") == 1;
    }

    private boolean redisIsUp() {
        return gateway.metric("weir_redis_up") == 1;
    }

    private void awaitMore() {
        int before = sent.get();
        Await.until(LONG, "more requests are answered", () -> sent.get() > before + SOME);
    }

    @Test
    void clientsSeeNothingOfItAndNothingIsLostOrCountedTwice() throws Exception {
        Await.until(LONG, "both stores are up", () -> databaseIsUp() && redisIsUp());
        JsonNode key = json(manage("POST", "keys", "{'name': 'load'}"));
        String bearer = "Bearer " + key.path("key").asText();
        Await.until(
                LONG,
                "the key is known",
                () -> gateway.send("GET", "/v1/models", "", "authorization", bearer)
                                .statusCode()
                        == 200);
        long before = requestsInUsage(key);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        List<Future<Told>> load = new ArrayList<>();
        AtomicBoolean enough = new AtomicBoolean();
        for (int i = 0; i < CLIENTS; i++) {
            int client = i;
            load.add(clients.submit(() -> ask(client, bearer, enough)));
        }
        awaitMore();

        postgres.kill();
        Await.until(LONG, "the database is away", () -> !databaseIsUp());
        awaitMore();
        postgres.restart();
        Await.until(LONG, "the database is back", this::databaseIsUp);
        awaitMore();

        redis.stop();
        Await.until(LONG, "redis is away", () -> !redisIsUp());
        awaitMore();
        redis.restart();
        Await.until(LONG, "redis is back", this::redisIsUp);
        awaitMore();

        postgres.kill();
        redis.stop();
        awaitMore();
        redis.restart();
        postgres.restart();
        Await.until(LONG, "both are back", () -> databaseIsUp() && redisIsUp());
        awaitMore();

        enough.set(true);
        Set<String> ids = new TreeSet<>();
        long tokens = 0;
        for (Future<Told> each : load) {
            Told told = each.get(60, TimeUnit.SECONDS);
            assertThat(told.failures()).as("failed requests").isEmpty();
            ids.addAll(told.ids());
            tokens += told.tokens();
        }
        clients.shutdown();
        assertThat(ids).hasSize(sent.get());

        int expected = ids.size();
        Await.until(
                LONG,
                "the audit has nothing left to write",
                () -> gateway.metric("weir_audit_written_total") >= expected
                        && gateway.metric("weir_audit_queue") == 0
                        && gateway.metric("weir_audit_spill_bytes") == 0);
        List<String> audited = audited();
        assertThat(audited).hasSize(expected);
        assertThat(new TreeSet<>(audited)).isEqualTo(ids);
        JsonNode usage = json(manage("GET", "usage?group_by=key", "")).path("data");
        JsonNode line = line(usage, key);
        assertThat(line.path("requests").asLong() - before)
                .as("requests in usage")
                .isEqualTo(expected);
        assertThat(line.path("total_tokens").asLong()).as("tokens in usage").isEqualTo(tokens);
        assertThat(gateway.metric("weir_usage_dropped_total")).isZero();
        for (String reason : List.of("queue_full", "spill_full", "spill_failed", "refused", "crash", "shutdown")) {
            assertThat(gateway.metric("weir_audit_dropped_total{reason=\"" + reason + "\",}"))
                    .as(reason)
                    .isZero();
        }
    }

    /** Chats, and now and then an embedding that the cache may have, until it is enough. */
    private Told ask(int client, String bearer, AtomicBoolean enough) {
        List<String> failures = new ArrayList<>();
        Set<String> ids = new TreeSet<>();
        long tokens = 0;
        for (int i = 0; !enough.get(); i++) {
            String id = "load-" + client + "-" + i;
            boolean vectors = i % 4 == 3;
            HttpResponse<String> answer = gateway.send(
                    "POST",
                    vectors ? "/v1/embeddings" : "/v1/chat/completions",
                    vectors
                            ? "{'model': 'vectors', 'input': 'text " + i % 100 + "'}"
                            : "{'model': 'gpt', 'max_tokens': 5, 'messages': [{'role': 'user', 'content': 'hi " + i
                                    + "'}]}",
                    "authorization",
                    bearer,
                    "x-request-id",
                    id);
            ids.add(id);
            sent.incrementAndGet();
            if (answer.statusCode() != 200) {
                failures.add(id + ": " + answer.statusCode() + " " + answer.body());
            } else if (!answer.headers().firstValue("x-weir-cache").orElse("").equals("hit")) {
                tokens += json(answer).at("/usage/total_tokens").asLong();
            }
        }
        return new Told(failures, ids, tokens);
    }

    private long requestsInUsage(JsonNode key) {
        return line(json(manage("GET", "usage?group_by=key", "")).path("data"), key)
                .path("requests")
                .asLong();
    }

    private static JsonNode line(JsonNode lines, JsonNode key) {
        for (JsonNode line : lines) {
            if (line.path("key").equals(key.path("id"))) {
                return line;
            }
        }
        return TestGateway.json("{}");
    }

    /** The ids of all requests of the load that the audit has, one by one. */
    private List<String> audited() {
        List<String> ids = new ArrayList<>();
        String cursor = "";
        do {
            HttpResponse<String> answer = manage("GET", "audit?limit=1000" + cursor, "");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            JsonNode page = json(answer);
            page.path("data").forEach(entry -> ids.add(entry.path("request_id").asText()));
            cursor = page.path("next_cursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("next_cursor").asText();
        } while (!cursor.isEmpty());
        ids.removeIf(id -> !id.startsWith("load-"));
        return ids;
    }
}

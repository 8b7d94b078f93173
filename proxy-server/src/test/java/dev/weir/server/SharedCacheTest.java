package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two gateways with one Redis. */
class SharedCacheTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String REQUEST = "{'model': 'vectors', 'input': 'a weir'}";

    private final RealRedis redis = RealRedis.start();
    private final SimServer sim = TestGateway.sim(SimKind.OLLAMA);
    private final TestGateway first = gateway();
    private final TestGateway second = gateway();

    private TestGateway gateway() {
        return TestGateway.start("""
                redis: {url: "%s", timeout: 2s}
                backends: {a: {url: "%s", kind: ollama}}
                models: {vectors: {targets: [{backend: a, model: mxbai-embed-large}]}}
                pipeline: [auth, cache]
                discover_models: false
                """.formatted(redis.url(), sim.url()));
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
        sim.close();
        redis.close();
    }

    private static JsonNode manage(TestGateway gateway, String method) {
        HttpResponse<String> answer =
                gateway.send(method, "/management/cache", "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return json(answer);
    }

    private static String ask(TestGateway gateway) {
        HttpResponse<String> answer = gateway.post("/v1/embeddings", REQUEST);
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.headers().firstValue("x-weir-cache").orElse("none");
    }

    private static void awaitStore(TestGateway gateway, boolean up) {
        Await.until(
                LONG,
                "the store is " + (up ? "up" : "away"),
                () -> manage(gateway, "GET").path("store_up").asBoolean() == up);
    }

    @Test
    void anAnswerIsSharedUntilOneOfThemIsToldToForgetIt() {
        awaitStore(first, true);
        awaitStore(second, true);
        assertThat(ask(first)).isEqualTo("miss");
        Await.until(LONG, "the other one has it", () -> ask(second).equals("hit"));
        assertThat(manage(second, "GET").path("store").asText()).isEqualTo("redis");

        manage(first, "DELETE");
        Await.until(
                LONG,
                "the other one has forgotten it",
                () -> manage(second, "GET").at("/embeddings/entries").asInt() == 0);
        assertThat(ask(second)).isEqualTo("miss");
    }

    @Test
    void withoutRedisEachHasItsMemory() {
        redis.stop();
        ask(first);
        awaitStore(first, false);

        assertThat(ask(first)).isEqualTo("hit");
        assertThat(ask(second)).isEqualTo("miss");
        assertThat(ask(second)).isEqualTo("hit");
    }
}

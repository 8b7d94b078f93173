package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code /healthz}, {@code /readyz} and {@code /health}. */
class HealthTest {
    private static final String FAST =
            "backend_defaults: {health: {interval: 50ms, timeout: 500ms, fall: 2, rise: 2}}\n";

    private static TestGateway gateway(String server, String url) {
        return TestGateway.start("server: {" + server + "}\n" + FAST + "backends: {a: {url: \"" + url + "\"}}\n");
    }

    private static HttpResponse<String> manage(TestGateway gateway, String path) {
        return gateway.send("GET", path, "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    @Test
    void livenessNeedsNoKeyAndNoBackend() {
        try (TestGateway gateway = gateway("", "http://127.0.0.1:9")) {
            HttpResponse<String> answer = gateway.send("GET", "/healthz", "");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(json(answer).path("ok").asBoolean()).isTrue();
            assertThat(json(answer).path("note").asText()).isNotEmpty();
        }
    }

    @Test
    void healthIsAnsweredAtTheLimitOfConnections() {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
                TestGateway gateway = gateway("max_connections: 1", sim.url());
                RawClient holder = RawClient.connect(gateway.port())) {
            holder.sendRequest("GET /healthz", "");
            holder.readResponse();

            for (String path : List.of("/healthz", "/readyz", "/health")) {
                assertThat(RawClient.get(gateway.port(), path).status())
                        .as(path)
                        .isEqualTo(200);
            }
            assertThat(RawClient.get(gateway.port(), "/v1/models", "authorization: Bearer " + TestGateway.KEY)
                            .status())
                    .isEqualTo(503);
            holder.sendRequest("GET /v1/models", "", "authorization: Bearer " + TestGateway.KEY);
            assertThat(holder.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void readinessFollowsTheBackendsAndTellsTheReasonsToManagersOnly() {
        try (FakeBackend backend = FakeBackend.start();
                TestGateway gateway = gateway("", backend.url())) {
            assertThat(gateway.send("GET", "/readyz", "").statusCode()).isEqualTo(200);
            backend.refuseConnections();
            Await.until(
                    Duration.ofSeconds(10),
                    "not ready",
                    () -> gateway.send("GET", "/readyz", "").statusCode() == 503);

            assertThat(json(gateway.send("GET", "/readyz", "")).toString()).isEqualTo("{\"ready\":false}");
            JsonNode reasons = json(manage(gateway, "/readyz"));
            assertThat(reasons.path("backend_up").asBoolean(true)).isFalse();
            assertThat(reasons.path("draining").asBoolean(true)).isFalse();
        }
    }

    @Test
    void theReportShowsBackendsToHoldersOfAKeyOnly() {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
                TestGateway gateway = gateway("", sim.url())) {
            JsonNode open = json(gateway.send("GET", "/health", ""));
            JsonNode wrong = json(gateway.send("GET", "/health", "", "authorization", "Bearer sk-wrong"));
            JsonNode full = json(gateway.get("/health"));

            assertThat(open.path("status").asText()).isEqualTo("healthy");
            assertThat(open.path("version").asText()).isNotEmpty();
            assertThat(open.path("uptime").isIntegralNumber()).isTrue();
            assertThat(open.has("backends")).isFalse();
            assertThat(wrong.has("backends")).isFalse();
            assertThat(full.at("/backends/a/state").asText()).isEqualTo("up");
            assertThat(full.at("/backends/a/in_flight").asInt(-1)).isZero();
        }
    }

    @Test
    void theReportIsQuick() {
        try (TestGateway gateway = gateway("", "http://127.0.0.1:9")) {
            gateway.get("/health");
            long best = Long.MAX_VALUE;
            for (int i = 0; i < 20; i++) {
                long started = System.nanoTime();
                gateway.get("/health");
                best = Math.min(best, System.nanoTime() - started);
            }
            assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(100));
        }
    }
}

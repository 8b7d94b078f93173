package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code /management/system}. */
class SystemManagementTest {
    private final SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
    private final TestGateway gateway = TestGateway.start(ConfigurationFile.of("""
            backends:
              a: {url: "%s"}
              gone: {url: "http://127.0.0.1:9"}
            logging: {file: {path: logs/weir.log}, access_log: false}
            """.formatted(sim.url())), Map.of());

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
    }

    @Test
    void theMachineTellsWhatItHasLeft() {
        JsonNode answer = json(gateway.get("/management/system/resources"));

        assertThat(answer.path("cpu_percent").asDouble(-1)).isBetween(0d, 100d);
        assertThat(answer.at("/memory/percent").asDouble(-1)).isBetween(0d, 100d);
        assertThat(answer.at("/memory/total").asLong()).isPositive();
        assertThat(answer.at("/disk_root/percent").asDouble(-1)).isBetween(0d, 100d);
        assertThat(answer.path("gpu_info").isArray()).isTrue();
        assertThat(answer.path("error").isMissingNode()).isTrue();
        assertThat(json(gateway.get("/management/resources")).path("memory").isObject())
                .isTrue();
    }

    @Test
    void theDirectoriesOfWeirAreMeasured() {
        JsonNode answer = json(gateway.get("/management/system/storage-usage"));

        assertThat(answer.at("/data/exists").asBoolean()).isTrue();
        assertThat(answer.at("/data/bytes").asLong()).isPositive();
        assertThat(answer.at("/logs/path").asText()).endsWith("logs");
        assertThat(answer.at("/spill/disk/percent").asDouble(-1)).isBetween(0d, 100d);
    }

    @Test
    void eachOllamaTellsHowItIs() {
        JsonNode backends =
                json(gateway.get("/management/system/ollama-status")).path("backends");

        assertThat(backends).hasSize(2);
        assertThat(backends.at("/0/reachable").asBoolean()).isTrue();
        assertThat(backends.at("/0/version").asText()).isEqualTo("0.12.6");
        assertThat(backends.at("/0/latency_ms").asDouble()).isPositive();
        assertThat(backends.at("/0/loaded_models").isArray()).isTrue();
        assertThat(backends.at("/1/reachable").asBoolean(true)).isFalse();
        assertThat(backends.at("/1/error").asText()).contains("gone refused the connection");
    }

    @Test
    void nothingIsToldWithoutAKey() {
        for (String path : new String[] {"resources", "storage-usage", "ollama-status"}) {
            assertThat(gateway.send("GET", "/management/system/" + path, "").statusCode())
                    .isEqualTo(401);
        }
    }
}

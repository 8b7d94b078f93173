package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /management}. */
class ManagementTest {
    @TempDir
    private Path directory;

    private final SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
    private Path file;
    private TestGateway gateway;

    @BeforeEach
    void start() throws IOException {
        file = directory.resolve("weir.yaml");
        write("secret-one", "first");
        gateway = TestGateway.start(new ConfigurationFile(file, null), Map.of());
    }

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
    }

    private void write(String apiKey, String model) throws IOException {
        Files.writeString(file, """
                database: {url: "postgresql://weir:secret-password@127.0.0.1:9/weir"}
                redis: {url: "redis://:secret-redis@127.0.0.1:9"}
                backends:
                  a: {url: "%s", api_key: %s, headers: {X-Team: secret-header}}
                models: {%s: {targets: [{backend: a, model: phi3}]}}
                logging: {access_log: false}
                """.formatted(sim.url(), apiKey, model));
    }

    private HttpResponse<String> manage(String method, String path) {
        return gateway.send(method, path, "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/management/config", "/management/backends", "/management/nothing"})
    void nothingIsToldWithoutAKey(String path) {
        assertThat(gateway.send("GET", path, "").statusCode()).isEqualTo(401);
        // Not 401: the database is away, so it may be a new one.
        assertThat(gateway.send("GET", path, "", "x-api-key", "sk-wrong").statusCode())
                .isEqualTo(503);
        assertThat(gateway.send("POST", "/management/config/reload", "").statusCode())
                .isEqualTo(401);
    }

    @Test
    void theManagementKeyManagesAndDoesNothingElse() {
        assertThat(manage("GET", "/management/backends").statusCode()).isEqualTo(200);
        assertThat(manage("GET", "/v1/models").statusCode()).isEqualTo(403);
    }

    @Test
    void theMasterKeyManagesToo() {
        assertThat(gateway.get("/management/backends").statusCode()).isEqualTo(200);
    }

    @Test
    void backendsAreShownAsTheBalancerSeesThem() {
        JsonNode backend = json(gateway.get("/management/backends")).at("/backends/0");

        assertThat(backend.path("name").asText()).isEqualTo("a");
        assertThat(backend.path("kind").asText()).isEqualTo("ollama");
        assertThat(backend.path("state").asText()).isEqualTo("up");
        assertThat(backend.path("weight").asInt()).isEqualTo(1);
        assertThat(backend.path("max_in_flight").asInt()).isEqualTo(64);
        assertThat(backend.toString()).doesNotContain("secret");
    }

    @Test
    void theConfigurationIsShownWithoutItsSecrets() {
        HttpResponse<String> answer = manage("GET", "/management/config");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body())
                .contains("\"master_key\":\"***\"", "\"api_key\":\"***\"", "weir:***@127.0.0.1:9")
                .doesNotContain("secret-", TestGateway.KEY, TestGateway.MANAGEMENT_KEY);
    }

    @Test
    void aReloadTellsWhatChanged() throws IOException {
        write("secret-one", "second");

        HttpResponse<String> answer = manage("POST", "/management/config/reload");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).toString())
                .isEqualTo("{\"reloaded\":true,\"changed\":[\"models\"],\"needs_restart\":[]}");
        assertThat(gateway.get("/v1/models/second").statusCode()).isEqualTo(200);
        assertThat(gateway.get("/v1/models/first").statusCode()).isEqualTo(404);
    }

    @Test
    void aChangedSecretIsAChangeToo() throws IOException {
        write("secret-two", "first");

        assertThat(json(manage("POST", "/management/config/reload")).path("changed"))
                .singleElement()
                .hasToString("\"backends\"");
    }

    @Test
    void whatNeedsARestartIsSaid() throws IOException {
        Files.writeString(file, Files.readString(file) + "server: {event_loops: 1}\n");

        JsonNode answer = json(manage("POST", "/management/config/reload"));

        assertThat(answer.path("needs_restart")).singleElement().hasToString("\"server.event_loops\"");
        assertThat(gateway.metric("weir_config_reloads_total{result=\"success\",}"))
                .isOne();
    }

    @Test
    void aBrokenFileIsRefusedWithEveryProblemAndNoSecret() throws IOException {
        Files.writeString(
                file, Files.readString(file) + "heartbeat: secret-text\nsevrer: {}\nauth: {master_key: ''}\n");

        HttpResponse<String> answer = manage("POST", "/management/config/reload");

        assertThat(answer.statusCode()).isEqualTo(400);
        JsonNode body = json(answer);
        assertThat(body.path("reloaded").asBoolean(true)).isFalse();
        assertThat(body.at("/error/code").asText()).isEqualTo("invalid_configuration");
        assertThat(body.path("problems")).hasSize(3);
        assertThat(body.path("problems").toString())
                .contains(file + ":7:12: heartbeat", ":8:1: sevrer: unknown key", "auth.master_key: is empty")
                .doesNotContain("secret-one", "secret-password");
        assertThat(gateway.get("/v1/models/first").statusCode()).isEqualTo(200);
        assertThat(gateway.metric("weir_config_reloads_total{result=\"failure\",}"))
                .isOne();
    }

    @Test
    void aFileThatIsGoneIsRefused() throws IOException {
        Files.delete(file);

        HttpResponse<String> answer = manage("POST", "/management/config/reload");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("no such file");
    }

    @Test
    void reloadsAtOnceAreAllAnswered() throws Exception {
        var threads = java.util.concurrent.Executors.newFixedThreadPool(4);
        try {
            var answers = threads.invokeAll(java.util.Collections.nCopies(
                    12, () -> manage("POST", "/management/config/reload").statusCode()));
            for (var answer : answers) {
                assertThat(answer.get()).isEqualTo(200);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void adminListenTakesManagementAndMetricsAway() {
        try (TestGateway apart = TestGateway.start(
                "server: {admin_listen: \"127.0.0.1:0\"}\nbackends: {a: {url: \"" + sim.url() + "\"}}\n")) {
            String admin =
                    "http://127.0.0.1:" + apart.gateway().addresses().get(1).getPort();

            assertThat(apart.get("/management/backends").statusCode()).isEqualTo(404);
            assertThat(apart.get("/metrics").statusCode()).isEqualTo(404);
            assertThat(apart.get("/healthz").statusCode()).isEqualTo(200);
            assertThat(status(admin + "/management/backends")).isEqualTo(200);
            assertThat(status(admin + "/metrics")).isEqualTo(200);
            assertThat(status(admin + "/readyz")).isEqualTo(200);
            assertThat(status(admin + "/v1/models")).isEqualTo(404);
        }
    }

    private static int status(String url) {
        try {
            return java.net.http.HttpClient.newHttpClient()
                    .send(
                            TestGateway.request(url, "GET", "", "authorization", "Bearer " + TestGateway.KEY),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

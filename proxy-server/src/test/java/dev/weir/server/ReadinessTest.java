package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /readyz} says no while every request of a client would be refused, and while only some are worse off it does not. */
class ReadinessTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String NOWHERE = "redis://127.0.0.1:9";
    private static final String CHAT = "{'model': 'phi3', 'messages': [{'role': 'user', 'content': 'hi'}]}";

    private final SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");

    @TempDir
    private Path directory;

    @AfterEach
    void stop() {
        sim.close();
    }

    private String yaml(String more) {
        return "backends: {a: {url: \"" + sim.url() + "\", kind: openai}}\n"
                + "models: {phi3: {targets: [{backend: a, model: phi3}]}}\n"
                + more;
    }

    private TestGateway startIn(String yaml) {
        return TestGateway.start(
                ConfigurationFile.of("logging: {access_log: false}\n" + yaml(yaml)),
                Map.of("STATE_DIRECTORY", directory.toString()));
    }

    private static int readyz(TestGateway gateway) {
        return gateway.send("GET", "/readyz", "").statusCode();
    }

    private static JsonNode managed(TestGateway gateway, String path) {
        return json(gateway.send("GET", path, "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY));
    }

    private static String newKey(TestGateway gateway) {
        return json(gateway.post("/management/keys", "{'name': 'k'}"))
                .path("key")
                .asText();
    }

    private static HttpResponse<String> chat(TestGateway gateway, String key) {
        return gateway.send("POST", "/v1/chat/completions", CHAT, "authorization", "Bearer " + key);
    }

    @Test
    void itIsNotReadyWhileRedisIsAwayAndLimitsRefuseWithoutIt() {
        try (RealRedis redis = RealRedis.start();
                TestGateway gateway = TestGateway.start(yaml("""
                        redis: {url: "redis://127.0.0.1:%d", timeout: 5s}
                        middleware: {rate_limit: {on_store_failure: reject}}
                        """.formatted(redis.port())))) {
            String key = newKey(gateway);
            Await.until(LONG, "it is ready", () -> readyz(gateway) == 200);
            assertThat(chat(gateway, key).statusCode()).isEqualTo(200);
            assertThat(managed(gateway, "/health").at("/stores/redis/up").asBoolean())
                    .isTrue();
            assertThat(managed(gateway, "/health").path("status").asText()).isEqualTo("healthy");

            redis.stop();
            Await.until(LONG, "it is not ready", () -> readyz(gateway) == 503);
            assertThat(chat(gateway, key).statusCode()).isEqualTo(503);
            assertThat(gateway.send("GET", "/readyz", "").body()).isEqualTo("{\"ready\":false}");
            JsonNode told = managed(gateway, "/readyz");
            assertThat(told.path("reasons").toString()).contains("Redis is away");
            assertThat(told.path("reasons")).hasSize(1);
            assertThat(told.at("/stores/redis").toString()).isEqualTo("{\"up\":false,\"bridged\":false}");
            assertThat(managed(gateway, "/health").path("status").asText()).isEqualTo("degraded");
            assertThat(json(gateway.send("GET", "/health", "")).has("stores")).isFalse();

            redis.restart();
            Await.until(LONG, "it is ready again", () -> readyz(gateway) == 200);
            Await.until(LONG, "requests pass", () -> chat(gateway, key).statusCode() == 200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "middleware: {rate_limit: {on_store_failure: local}}",
                "middleware: {rate_limit: {on_store_failure: allow}}",
                "middleware: {rate_limit: {on_store_failure: reject, store: memory}}",
                "{pipeline: [auth], middleware: {rate_limit: {on_store_failure: reject}}}",
            })
    void itIsReadyWhileRedisIsAwayAndRequestsPassWithoutIt(String settings) {
        String block = settings.startsWith("{")
                ? settings.substring(1, settings.length() - 1).replace("], ", "]\n")
                : settings;
        try (TestGateway gateway = TestGateway.start(yaml("redis: {url: \"" + NOWHERE + "\"}\n" + block + "\n"))) {
            String key = newKey(gateway);
            Await.until(LONG, "it is ready", () -> readyz(gateway) == 200);
            assertThat(chat(gateway, key).statusCode()).isEqualTo(200);
            assertThat(managed(gateway, "/readyz").at("/stores/redis").toString())
                    .isEqualTo("{\"up\":false,\"bridged\":true}");
        }
    }

    @Test
    @AllowsErrors("records that cannot be kept are an error")
    void itIsNotReadyWhileAuditIsRequiredAndThereIsNoRoomForIt() throws Exception {
        Path file = Files.writeString(directory.resolve("no-directory"), "");
        try (TestGateway gateway = startIn("""
                database: {url: "postgresql://nobody@127.0.0.1:9/none"}
                pipeline: [audit]
                middleware: {audit: {mode: required, queue: 3, spill_directory: "%s"}}
                """.formatted(file.resolve("spill")))) {
            Await.until(LONG, "it is ready without its database", () -> readyz(gateway) == 200);

            Await.until(LONG, "no request passes", () -> chat(gateway, "any").statusCode() == 503);
            Await.until(LONG, "it is not ready", () -> readyz(gateway) == 503);
            assertThat(managed(gateway, "/readyz").path("ready").asBoolean(true))
                    .isFalse();
            assertThat(chat(gateway, "any").statusCode()).isEqualTo(503);
            assertThat(gateway.send("GET", "/readyz", "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY)
                            .body())
                    .contains("no room for audit records");
        }
    }

    @Test
    void itIsNotReadyWhileTheDatabaseAnswersAndKeysWereNeverRead() throws Exception {
        try (TestGateway gateway = startIn("")) {
            gateway.awaitDatabase();
            Await.until(LONG, "it is ready", () -> readyz(gateway) == 200);
        }
        Files.deleteIfExists(directory.resolve("data/keys.copy"));
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data/weir.db"));
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER TABLE key_secrets RENAME TO key_secrets_away");
        }

        try (TestGateway gateway = startIn("")) {
            gateway.awaitDatabase();
            assertThat(chat(gateway, "sk-weir-any").statusCode()).isEqualTo(503);
            assertThat(readyz(gateway)).isEqualTo(503);
            JsonNode told = managed(gateway, "/readyz");
            assertThat(told.at("/stores/database/up").asBoolean()).isTrue();
            assertThat(told.path("reasons").toString()).contains("API keys cannot be checked");
        }
        try (TestGateway open = startIn("pipeline: [usage]\n")) {
            Await.until(LONG, "it is ready, for nobody needs keys", () -> readyz(open) == 200);
        }
    }
}

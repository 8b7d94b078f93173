package dev.weir.server.config;

import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactedTest {
    private static Map<String, Object> redact(String yaml) {
        return Redacted.of(valid(yaml), Map.of());
    }

    @Test
    void secretsAreMaskedWhereverTheyStand() {
        Map<String, Object> redacted = redact("""
                auth: {master_key: hunter2, management_key: hunter2}
                database: {url: "postgresql://weir:hunter2@db/weir?sslpassword=hunter2&sslmode=require"}
                redis: {url: "redis://:hunter2@cache"}
                backends:
                  a: {url: "https://a", api_key: hunter2, headers: {X-Team: hunter2}}
                middleware: {webhook: {token: hunter2, url: "https://u:hunter2@h/x", headers: {a: hunter2}}}
                """);
        assertThat(redacted.toString()).doesNotContain("hunter2");
        assertThat(redacted.get("auth"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsEntry("master_key", "***")
                .containsEntry("management_key", "***")
                .containsEntry("key_prefix", "sk-weir-");
        assertThat(redacted.toString())
                .contains(
                        "url=postgresql://weir:***@db/weir?sslpassword=***&sslmode=require",
                        "url=redis://:***@cache",
                        "api_key=***",
                        "headers={X-Team=***}",
                        "webhook={token=***, url=https://u:***@h/x, headers={a=***}}");
    }

    @Test
    void whatComesFromASecretFileIsMasked(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("hook"), "hunter2");
        assertThat(redact("middleware: {webhook: {url: \"${file:" + file + "}\"}}")
                        .get("middleware"))
                .isEqualTo(Map.of("webhook", Map.of("url", "***")));
    }

    @Test
    void theRestIsShownInTheTermsOfTheFile() {
        Map<String, Object> redacted = redact("""
                backends: {a: {url: "http://a"}}
                models: {m: {targets: [{backend: a, model: x}], metadata: {n: 1}}}
                """);
        assertThat(redacted)
                .containsEntry("discover_models", true)
                .containsEntry("heartbeat", "15s")
                .containsEntry(
                        "pipeline", List.of("cors", "audit", "usage", "auth", "rate_limit", "cache", "transform"))
                .containsEntry("logging", Map.of("level", "info", "format", "json", "access_log", true))
                .containsEntry(
                        "backends",
                        Map.of(
                                "a",
                                Map.of(
                                        "url",
                                        "http://a:80",
                                        "kind",
                                        "ollama",
                                        "weight",
                                        1,
                                        "max_in_flight",
                                        64,
                                        "embeddings",
                                        "auto",
                                        "headers",
                                        Map.of(),
                                        "timeouts",
                                        Map.of("connect", "2s", "first_byte", "5m", "idle", "2m", "total", "1h"))));
        assertThat(String.valueOf(redacted.get("server")))
                .contains("listen=[127.0.0.1:4000]", "max_body_bytes=32MiB", "timeouts={header=10s,");
        assertThat(String.valueOf(redacted.get("models")))
                .contains("targets=[{backend=a, model=x, weight=1}]", "metadata={n=1}");
    }

    record Settings(String mode, String apiKey) {}

    @Test
    void settingsThatAreBoundAreShownAsBound() {
        WeirConfig config = valid("middleware: {a: {mode: x}, b: {mode: y}}");
        assertThat(Redacted.of(config, Map.of("a", new Settings("default", "hunter2")))
                        .get("middleware"))
                .isEqualTo(Map.of("a", Map.of("mode", "default", "api_key", "***"), "b", Map.of("mode", "y")));
    }

    @Test
    void recordsWithSecretsShowThemselvesWithout() {
        WeirConfig config = valid("""
                backends: {a: {url: "http://a", api_key: hunter2}}
                database: {url: "postgresql://u:hunter2@h/d"}
                redis: {url: "redis://hunter2@h"}
                """);
        assertThat(config.toString()).doesNotContain("hunter2");
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://user:p@ss/w:ord@host/db, postgresql://user:***@host/db",
        "redis://:secret@host, redis://:***@host",
        "redis://secret@host, redis://***@host",
        "redis-cluster://u:a@h1;u:a@h2, redis-cluster://u:***@h2",
        "http://host/path, http://host/path",
        "sqlite:data/weir.db, sqlite:data/weir.db",
        "someone@example.org, someone@example.org",
    })
    void passwordsOfUrlsAreMasked(String url, String masked) {
        assertThat(Secrets.maskUrl(url)).isEqualTo(masked);
    }

    @ParameterizedTest
    @CsvSource({
        "api_key, true",
        "master_key, true",
        "password, true",
        "redis_password, true",
        "token, true",
        "client_secret, true",
        "authorization, true",
        "key_prefix, false",
        "private_key, false",
        "per_key, false",
        "tokens_per_minute, false",
        "keys, false",
        "headers, false"
    })
    void secretsAreKnownByTheirKeys(String key, boolean secret) {
        assertThat(Secrets.isSecret(key, false)).isEqualTo(secret);
    }
}

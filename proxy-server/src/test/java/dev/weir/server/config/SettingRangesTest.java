package dev.weir.server.config;

import static dev.weir.server.config.Configs.backend;
import static dev.weir.server.config.Configs.problems;
import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.ByteSize;
import dev.weir.pipeline.auth.AuthSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each block takes, and what it refuses. */
class SettingRangesTest {
    private static String model(String settings) {
        return backend("weight: 1") + "\nmodels: {m: {targets: [{backend: a, model: x}], " + settings + "}}";
    }

    private static ModelConfig validModel(String settings) {
        return Objects.requireNonNull(valid(model(settings)).models().get("m"));
    }

    private static BackendConfig validBackend(String settings) {
        return Objects.requireNonNull(valid(backend(settings)).backends().get("a"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "server: {listen: []} | server.listen: is empty",
                "server: {event_loops: -1} | server.event_loops: -1 (expected: >= 0)",
                "server: {max_connections: 0} | server.max_connections: 0 (expected: >= 1)",
                "server: {max_header_bytes: 10} | server.max_header_bytes: 10 (expected: 1024 to 1048576)",
                "server: {max_body_bytes: 3GiB} | server.max_body_bytes: 3221225472 (expected: 1 to 2147483647)",
                "server: {timeouts: {header: 0s}} | server.timeouts.header: 0s (expected: > 0s)",
                "server: {tls: {certificate: a}} | server.tls.private_key: missing key",
                "auth: {master_key: ''} | auth.master_key: is empty",
                "auth: {key_prefix: ''} | auth.key_prefix: is empty",
                "auth: {keys: {poll: 0}} | auth.keys.poll: 0ms (expected: > 0s)",
                "auth: {anonymous: {}} | auth.anonymous.routes: missing key",
                "auth: {anonymous: {routes: /v1/*, requests_per_minute: 0}}"
                        + " | auth.anonymous.requests_per_minute: 0 (expected: >= 1)",
                "database: {pool_size: 0} | database.pool_size: 0 (expected: >= 1)",
                "redis: {timeout: 0} | redis.timeout: 0s (expected: > 0s)",
                "backend_defaults: {timeouts: {connect: 0s}} | backend_defaults.timeouts.connect: 0s (expected: > 0s)",
                "backend_defaults: {health: {fall: 0}} | backend_defaults.health.fall: 0 (expected: >= 1)",
                "backend_defaults: {eject: {base: 10m}} | backend_defaults.eject.max: 5m (expected: >= base, 10m)",
                "backend_defaults: {retry: {attempts: 11}} | backend_defaults.retry.attempts: 11 (expected: 0 to 10)",
                "backend_defaults: {retry: {budget_percent: 101}}"
                        + " | backend_defaults.retry.budget_percent: 101 (expected: 0 to 100)",
                "backend_defaults: {queue: {max: -1}} | backend_defaults.queue.max: -1 (expected: >= 0)",
                "routes: [{path: v1}] | routes[0].path: v1 (expected: /path, or /path* for all that begin so)",
                "routes: [{path: /a*b}] | routes[0].path: /a*b (expected: /path, or /path* for all that begin so)",
                "agents: {a: {chunk_size: 0}} | agents.a.chunk_size: 0 (expected: >= 1)",
                "agents: {a: {chunk_size: 60}} | agents.a.buffer_size: 50 (expected: >= chunk_size, 60)",
                "logging: {file: {keep: -1}} | logging.file.keep: -1 (expected: 0 to 1000)",
                "metrics: {access: all} | metrics.access: expected one of loopback, open, management, found \"all\"",
            })
    void valuesOutOfRangeAreRefused(String yaml, String problem) {
        assertThat(problems(yaml)).singleElement().asString().endsWith(": " + problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "weight: 0 | backends.a.weight: 0 (expected: >= 1)",
                "max_in_flight: 0 | backends.a.max_in_flight: 0 (expected: >= 1)",
                "parallel: 0 | backends.a.parallel: 0 (expected: >= 1)",
                "api_key: \"a\\nb\" | backends.a.api_key: holds characters that a header cannot carry",
                "headers: {\"X Y\": a} | backends.a.headers: X Y is no header, or its value is none",
                "headers: {X-Y: \"a\\nb\"} | backends.a.headers: X-Y is no header, or its value is none",
                "tls: {ca: a} | backends.a.tls: the url is not https",
            })
    void backendsOutOfRangeAreRefused(String settings, String problem) {
        assertThat(problems(backend(settings))).singleElement().asString().endsWith(": " + problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "priority: 10 | models.m.priority: 10 (expected: 0 to 9)",
                "prices: {prompt: -1} | models.m.prices.prompt: is negative",
                "policy: {num_ctx: {default: 0}} | models.m.policy.num_ctx.default: 0 (expected: >= 1)",
                "policy: {num_ctx: {default: 9, max: 8}} | models.m.policy.num_ctx.default: 9 (expected: <= max, 8)",
                "parameters: {default: {n: 5}, max: {n: 4}} | models.m.parameters.default: n is greater than its max",
                "parameters: {default: {n: 5}, drop: [n]} | models.m.parameters.drop: n has a default or a max as well",
                "limits: {requests_per_minute: 0} | models.m.limits.requests_per_minute: 0 (expected: >= 1)",
            })
    void modelsOutOfRangeAreRefused(String settings, String problem) {
        assertThat(problems(model(settings))).singleElement().asString().endsWith(": " + problem);
    }

    @Test
    void aModelHasTargets() {
        assertThat(problems("models: {a: {targets: []}, b: {}}"))
                .containsExactly("1:23: models.a.targets: is empty", "1:31: models.b.targets: missing key");
    }

    @ParameterizedTest
    @CsvSource({
        "sqlite:data/weir.db",
        "postgres://weir:p@ss/word@db:5432/weir",
        "postgresql://db/weir?sslmode=require",
    })
    void databasesAreNamedByUrl(String url) {
        assertThat(valid("database: {url: \"" + url + "\"}").database().url()).isEqualTo(url);
    }

    @ParameterizedTest
    @CsvSource({"sqlite:", "mysql://a/b", "postgresql://user:hunter2@/weir", "postgresql://user:hunter2@host", "hunter2"
    })
    void otherDatabasesAreRefusedWithoutQuotingTheirPassword(String url) {
        assertThat(problems("database: {url: \"" + url + "\"}"))
                .containsExactly("1:17: database.url: not a database"
                        + " (expected: sqlite:FILE or postgresql://user:password@host:port/database)");
    }

    @ParameterizedTest
    @CsvSource({
        "redis://localhost:6379/0",
        "rediss://:secret@cache",
        "redis-sentinel://a:26379;b:26379/0#main",
        "redis-cluster://a:6379;b:6379",
    })
    void redisIsNamedByUrl(String url) {
        assertThat(valid("", Map.of("REDIS_URL", url)).redis().url()).isEqualTo(url);
    }

    @ParameterizedTest
    @CsvSource({"localhost:6379", "http://a", "redis://", "redis://:hunter2@"})
    void otherRedisUrlsAreRefusedWithoutQuotingTheirPassword(String url) {
        assertThat(problems("redis: {url: \"" + url + "\"}"))
                .singleElement()
                .asString()
                .startsWith("1:14: redis.url: not a Redis URL (expected: ")
                .doesNotContain("hunter2");
    }

    @Test
    void aBackendHasItsOptionalSettings() {
        BackendConfig backend = valid("""
                        backends:
                          a:
                            url: https://models.example/v1
                            kind: openai
                            api_key: "${KEY:-}"
                            parallel: 4
                            embeddings: prompt
                            headers: {X-Team: a}
                            tls: {ca: /etc/ca.pem, verify: false, certificate: /c, private_key: /k}
                        """, Map.of("KEY", "sk-1")).backends().get("a");
        assertThat(backend)
                .isEqualTo(new BackendConfig(
                        new BackendUrl(true, "models.example", 443, "/v1"),
                        BackendConfig.Kind.OPENAI,
                        "sk-1",
                        1,
                        64,
                        4,
                        Map.of("X-Team", "a"),
                        new BackendTimeouts(
                                Duration.ofSeconds(2),
                                Duration.ofMinutes(5),
                                Duration.ofMinutes(2),
                                Duration.ofHours(1)),
                        BackendConfig.Embeddings.PROMPT,
                        new BackendConfig.Tls(Path.of("/etc/ca.pem"), false, Path.of("/c"), Path.of("/k"))));
    }

    @Test
    void anEmptyApiKeyIsNone() {
        assertThat(validBackend("api_key: \"${VLLM_KEY:-}\"").apiKey()).isNull();
    }

    @Test
    void aBackendsTimeoutsLieOverThoseOfAllBackends() {
        WeirConfig config = valid("""
                backend_defaults: {timeouts: {connect: 9s, idle: 8s}}
                backends:
                  a: {url: "http://a", timeouts: {idle: 7s}}
                  b: {url: "http://b"}
                """);
        assertThat(config.backends().get("a"))
                .hasFieldOrPropertyWithValue(
                        "timeouts",
                        new BackendTimeouts(
                                Duration.ofSeconds(9),
                                Duration.ofMinutes(5),
                                Duration.ofSeconds(7),
                                Duration.ofHours(1)));
        assertThat(config.backends().get("b"))
                .hasFieldOrPropertyWithValue(
                        "timeouts", config.backendDefaults().timeouts());
    }

    @Test
    void aWrongTimeoutOfAllBackendsIsReportedOnce() {
        assertThat(problems("""
                backend_defaults: {timeouts: {idel: 1s, total: 0s}}
                backends: {a: {url: "http://a"}, b: {url: "http://b", timeouts: fast}}
                """))
                .containsExactly(
                        "1:31: backend_defaults.timeouts.idel: unknown key"
                                + " (expected one of connect, first_byte, idle, total; did you mean \"idle\"?)",
                        "1:48: backend_defaults.timeouts.total: 0s (expected: > 0s)",
                        "2:65: backends.b.timeouts: expected a map, found \"fast\"");
    }

    @Test
    void aModelHasItsOptionalSettings() {
        ModelConfig model = validModel("""
                policy: {num_ctx: {default: 4096, max: 8192}, keep_alive: 10m, preload: true},
                prices: {prompt: 0.1, completion: 0.2}, affinity: conversation, balance: weight, priority: 9,
                parameters: {default: {temperature: 0.7, stop: [a]}, max: {max_tokens: 4096}, drop: [seed]},
                limits: {requests_per_minute: 100}, metadata: {family: llama, tags: [a, b]}""");
        assertThat(model.policy())
                .isEqualTo(new ModelPolicy(
                        new ModelPolicy.NumCtx(4096, 8192), new KeepAlive(Duration.ofMinutes(10)), true));
        assertThat(model.prices()).isEqualTo(new ModelConfig.Prices(0.1, 0.2));
        assertThat(model.affinity()).isEqualTo(new Affinity(Affinity.By.CONVERSATION, ""));
        assertThat(model.balance()).isEqualTo(ModelConfig.Balance.WEIGHT);
        assertThat(model.priority()).isEqualTo(9);
        assertThat(model.parameters())
                .isEqualTo(new ModelParameters(
                        Map.of("temperature", 0.7, "stop", List.of("a")),
                        Map.of("max_tokens", 4096.0),
                        List.of("seed")));
        assertThat(model.limits()).isEqualTo(new ModelConfig.Limits(100L, null, null));
        assertThat(model.metadata()).isEqualTo(Map.of("family", "llama", "tags", List.of("a", "b")));
    }

    @Test
    void anAffinityMayNameAHeaderField() {
        assertThat(validModel("affinity: \"header:X-Session\"").affinity())
                .isEqualTo(new Affinity(Affinity.By.HEADER, "X-Session"));
        assertThat(validModel("affinity: user").affinity()).isEqualTo(new Affinity(Affinity.By.USER, ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"header:", "header:a b", "headers", "session"})
    void anAffinityThatIsNoneOfThoseIsReported(String affinity) {
        assertThat(problems("models: {m: {targets: [{backend: b, model: x}], affinity: \"" + affinity + "\"}}"))
                .anyMatch(problem -> problem.contains("models.m.affinity") && problem.contains("header:NAME"));
    }

    @Test
    void aModelWithoutOptionalSettingsHasNone() {
        ModelConfig model = validModel("");
        assertThat(model.policy()).isEqualTo(new ModelPolicy(null, null, false));
        assertThat(model.prices()).isNull();
        assertThat(model.affinity()).isEqualTo(new Affinity(Affinity.By.NONE, ""));
        assertThat(model.balance()).isEqualTo(ModelConfig.Balance.WARM);
        assertThat(model.priority()).isZero();
        assertThat(model.parameters()).isEqualTo(new ModelParameters(Map.of(), Map.of(), List.of()));
        assertThat(model.limits()).isEqualTo(new ModelConfig.Limits(null, null, null));
        assertThat(model.metadata()).isEmpty();
    }

    @Test
    void theServerHasItsOptionalSettings() {
        ServerConfig server = valid("""
                server:
                  listen: ["127.0.0.1:1", "[::1]:2"]
                  admin_listen: 127.0.0.1:4001
                  trusted_proxies: [10.0.0.0/8]
                  allow_from: 127.0.0.1
                  tls: {certificate: /c, private_key: /k, redirect_from: "127.0.0.1:8080"}
                  docs_directory: /usr/share/doc/weir/html
                """).server();
        assertThat(server.addresses())
                .hasToString("[127.0.0.1:1, [::1]:2, 127.0.0.1:4001]")
                .hasSize(3);
        assertThat(server.trustedProxies()).containsExactly(Cidr.parse("10.0.0.0/8"));
        assertThat(server.allowFrom()).containsExactly(Cidr.parse("127.0.0.1/32"));
        assertThat(server.tls())
                .isEqualTo(new ServerConfig.Tls(Path.of("/c"), Path.of("/k"), new ListenAddress("127.0.0.1", 8080)));
        assertThat(server.docsDirectory()).isEqualTo(Path.of("/usr/share/doc/weir/html"));
    }

    @Test
    void routesHaveTheirSettings() {
        List<RouteConfig> routes = valid(backend("weight: 1") + """

                routes:
                  - {path: "/v1/files*", backend: a}
                  - {path: "/v1/embeddings", pipeline: [auth, cache], heartbeat: 0s, middleware: {cache: {x: 1}}}
                """).routes();
        assertThat(routes.get(0)).isEqualTo(new RouteConfig("/v1/files*", "a", null, null, Map.of()));
        assertThat(routes.get(1).pipeline()).containsExactly("auth", "cache");
        assertThat(routes.get(1).heartbeat()).isEqualTo(Duration.ZERO);
        assertThat(routes.get(1).middleware()).containsOnlyKeys("cache");
    }

    @Test
    void aLogFileHasItsSettings() {
        assertThat(valid("logging: {file: {}}").logging().file())
                .isEqualTo(new LoggingConfig.LogFile(Path.of("logs/weir.log"), new ByteSize(100_000_000), 10));
    }

    @Test
    void anonymousClientsHaveTheirSettings() {
        AuthSettings auth =
                valid("auth: {anonymous: {routes: [\"/v1/*\"]}}").auth().bind(AuthSettings.class, new Problems());
        assertThat(auth)
                .hasFieldOrPropertyWithValue(
                        "anonymous", new AuthSettings.Anonymous(List.of("/v1/*"), List.of("127.0.0.0/8"), 600));
    }
}

package dev.weir.server.config;

import static dev.weir.server.config.Configs.problems;
import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.ByteSize;
import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.server.config.LoadResult.Loaded;
import dev.weir.server.config.LoadResult.Rejected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
    @Test
    void anEmptyFileIsAllDefaults() {
        WeirConfig config = valid("");
        assertThat(valid("# nothing\n").server()).isEqualTo(config.server());
        assertThat(config.server())
                .isEqualTo(new ServerConfig(
                        List.of(new ListenAddress("127.0.0.1", 4000)),
                        null,
                        ServerConfig.Transport.AUTO,
                        0,
                        false,
                        10000,
                        0,
                        ByteSize.parse("32KiB"),
                        ByteSize.parse("32MiB"),
                        new ByteSize(0),
                        new ServerConfig.Timeouts(
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(75),
                                Duration.ofSeconds(60),
                                Duration.ofSeconds(30),
                                Duration.ZERO),
                        List.of(),
                        List.of(),
                        null,
                        null));
        assertThat(config.auth().bind(AuthSettings.class, new Problems()))
                .isEqualTo(new AuthSettings(
                        "sk-hx-dev-1234",
                        null,
                        "sk-weir-",
                        new AuthSettings.Keys(Duration.ofSeconds(1), Duration.ZERO),
                        null));
        assertThat(config.database())
                .isEqualTo(new DatabaseConfig("sqlite:data/weir.db", 20, Duration.ofSeconds(5), Duration.ofSeconds(5)));
        assertThat(config.redis()).isEqualTo(new RedisConfig(null, Duration.ofMillis(100)));
        assertThat(config.backendDefaults())
                .isEqualTo(new BackendDefaults(
                        new BackendTimeouts(
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(300),
                                Duration.ofSeconds(120),
                                Duration.ofSeconds(3600)),
                        new BackendDefaults.Pool(64, Duration.ofSeconds(30), Duration.ofMinutes(10)),
                        new BackendDefaults.Health(Duration.ofSeconds(5), Duration.ofSeconds(2), 3, 2),
                        new BackendDefaults.Eject(5, Duration.ofSeconds(5), Duration.ofMinutes(5)),
                        new BackendDefaults.Retry(2, 20, 10),
                        new BackendDefaults.Queue(256, Duration.ofSeconds(30))));
        assertThat(config.backends()).isEmpty();
        assertThat(config.models()).isEmpty();
        assertThat(config.agents()).isEmpty();
        assertThat(config.routes()).isEmpty();
        assertThat(config.middleware()).isEmpty();
        assertThat(config.discoverModels()).isTrue();
        assertThat(config.pipeline())
                .containsExactly("cors", "audit", "usage", "auth", "rate_limit", "cache", "transform");
        assertThat(config.heartbeat()).isEqualTo(Duration.ofSeconds(15));
        assertThat(config.securityHeaders()).isTrue();
        assertThat(config.logging())
                .isEqualTo(new LoggingConfig(LoggingConfig.Level.INFO, LoggingConfig.Format.JSON, true, null));
        assertThat(config.metrics()).isEqualTo(new MetricsConfig(MetricsConfig.Access.LOOPBACK));
        assertThat(config.plugins()).isEqualTo(new PluginsConfig(null));
    }

    @Test
    void blocksWithoutValueAreAllDefaults() {
        assertThat(valid("server:\nbackends:\nagents:\n  voice:\npipeline:\n").agents())
                .containsEntry("voice", new AgentConfig(1, Duration.ofSeconds(30), 50, Duration.ofMillis(10)));
    }

    @Test
    void theEnvironmentFillsWhatAFileLeavesOut() {
        WeirConfig config = valid(
                "",
                Map.of(
                        "WEIR_LISTEN", "0.0.0.0:80",
                        "WEIR_MASTER_KEY", "sk-1",
                        "WEIR_MANAGEMENT_KEY", "sk-2",
                        "DATABASE_URL", "postgresql://db/weir",
                        "REDIS_URL", "redis://cache"));
        assertThat(config.server().listen()).containsExactly(new ListenAddress("0.0.0.0", 80));
        assertThat(config.database().url()).isEqualTo("postgresql://db/weir");
        assertThat(config.redis().url()).isEqualTo("redis://cache");
        assertThat(config.auth().bind(AuthSettings.class, new Problems()))
                .hasFieldOrPropertyWithValue("masterKey", "sk-1")
                .hasFieldOrPropertyWithValue("managementKey", "sk-2");
    }

    @Test
    void withoutAFileThereIsAnOllamaOnThisMachine() {
        assertThat(ConfigLoader.defaults(Map.of())).isInstanceOfSatisfying(Loaded.class, loaded -> {
            assertThat(loaded.config().backends()).containsOnlyKeys("ollama");
            assertThat(loaded.config().backends().get("ollama"))
                    .hasFieldOrPropertyWithValue("kind", BackendConfig.Kind.OLLAMA)
                    .hasFieldOrPropertyWithValue("url", BackendUrl.parse("http://127.0.0.1:11434"));
            assertThat(loaded.config().discoverModels()).isTrue();
        });
    }

    @Test
    void theDefaultsToTakeTheEnvironmentIntoAccount() {
        assertThat(ConfigLoader.defaults(Map.of("WEIR_LISTEN", "nowhere")))
                .isInstanceOfSatisfying(
                        Rejected.class,
                        rejected -> assertThat(rejected.problems())
                                .extracting(Problem::toString)
                                .containsExactly("built-in defaults:1:1: server.listen: expected an address such as"
                                        + " 127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000, found ***"));
    }

    @Test
    void allProblemsAreReportedInTheOrderOfTheFile() {
        assertThat(problems("""
                server: {listen: nowhere, timeouts: {drain: long}}
                heartbeat: ${UNSET}
                backends:
                  llm-01:
                    url: http://h
                    weigth: 2
                modles: {}
                """))
                .containsExactly(
                        "1:18: server.listen: expected an address such as 127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000,"
                                + " found \"nowhere\"",
                        "1:45: server.timeouts.drain: expected a duration such as 250ms, 30s, 5m, 1h, 90d or a number of"
                                + " seconds, found \"long\"",
                        "2:12: heartbeat: variable UNSET is not set and has no default",
                        "6:5: backends.llm-01.weigth: unknown key (expected one of url, kind, api_key, weight,"
                                + " max_in_flight, parallel, headers, timeouts, embeddings, tls; did you mean \"weight\"?)",
                        "7:1: modles: unknown key (expected one of server, auth, database, redis, backends,"
                                + " backend_defaults, models, discover_models, pipeline, routes, heartbeat, middleware,"
                                + " agents, security_headers, logging, metrics, plugins; did you mean \"models\"?)");
    }

    @Test
    void aFileIsReadAndNamedInItsProblems(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("weir.yaml"), "heartbeat: 1s\n");
        assertThat(ConfigLoader.load(file, Map.of()))
                .isInstanceOfSatisfying(
                        Loaded.class,
                        loaded -> assertThat(loaded.config().heartbeat()).isEqualTo(Duration.ofSeconds(1)));
        Files.writeString(file, "heartbeet: 1s\n");
        assertThat(ConfigLoader.load(file, Map.of()))
                .isInstanceOfSatisfying(
                        Rejected.class,
                        rejected -> assertThat(rejected.problems().get(0).toString())
                                .startsWith(file + ":1:1: heartbeet: unknown key"));
    }

    @Test
    void aFileThatCannotBeReadIsTheOnlyProblem(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("weir.yaml");
        assertThat(unreadable(file)).isEqualTo(file + ": cannot be read (no such file)");
        Files.write(file, new byte[] {'#', (byte) 0xFF});
        assertThat(unreadable(file)).isEqualTo(file + ": cannot be read (not UTF-8 text)");
        Files.write(file, new byte[(4 << 20) + 1]);
        assertThat(unreadable(file)).isEqualTo(file + ": cannot be read (larger than 4MiB)");
        assertThat(unreadable(directory)).startsWith(directory + ": cannot be read (");
    }

    private static String unreadable(Path file) {
        LoadResult result = ConfigLoader.load(file, Map.of());
        assertThat(result).isInstanceOf(Rejected.class);
        return ((Rejected) result).problems().get(0).toString();
    }
}

package dev.weir.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.server.config.LoadResult.Loaded;
import dev.weir.server.config.ModelConfig.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** {@code conf/weir.yaml}: a file in which every key stands at its default. */
class ShippedConfigurationTest {
    private static final Path FILE = Path.of(System.getProperty("basedir", "."), "..", "conf", "weir.yaml");

    private static WeirConfig shipped(Map<String, String> env) {
        LoadResult result = ConfigLoader.load(FILE, env);
        assertThat(result).isInstanceOf(Loaded.class);
        return ((Loaded) result).config();
    }

    private final WeirConfig config = shipped(Map.of());

    @Test
    void everyBlockWithDefaultsShowsThem() {
        WeirConfig defaults = Configs.valid("");
        assertThat(config.server()).isEqualTo(defaults.server());
        assertThat(config.auth().bind(AuthSettings.class, new Problems()))
                .isEqualTo(defaults.auth().bind(AuthSettings.class, new Problems()));
        assertThat(config.database()).isEqualTo(defaults.database());
        assertThat(config.redis()).isEqualTo(defaults.redis());
        assertThat(config.backendDefaults()).isEqualTo(defaults.backendDefaults());
        assertThat(config.discoverModels()).isEqualTo(defaults.discoverModels());
        assertThat(config.pipeline()).isEqualTo(defaults.pipeline());
        assertThat(config.routes()).isEqualTo(defaults.routes());
        assertThat(config.heartbeat()).isEqualTo(defaults.heartbeat());
        assertThat(config.securityHeaders()).isEqualTo(defaults.securityHeaders());
        assertThat(config.logging()).isEqualTo(defaults.logging());
        assertThat(config.metrics()).isEqualTo(defaults.metrics());
        assertThat(config.plugins()).isEqualTo(defaults.plugins());
    }

    @Test
    void everyKeyThatHasADefaultIsWritten() {
        Map<String, Object> defaults = Redacted.of(Configs.valid(""), Map.of());
        Section root = ((Loaded) ConfigLoader.load(FILE, Map.of())).root();
        for (String block : defaults.keySet()) {
            if (!block.equals("routes")) {
                assertThat(root.keys()).contains(block);
            }
        }
        assertThat(root.mapping().mapping("server").entries()).containsOnlyKeys(keys(defaults, "server"));
        assertThat(root.mapping().mapping("backend_defaults").entries())
                .containsOnlyKeys(keys(defaults, "backend_defaults"));
    }

    private static String[] keys(Map<String, Object> blocks, String block) {
        return ((Map<?, ?>) Objects.requireNonNull(blocks.get(block)))
                .keySet().stream().map(String::valueOf).toArray(String[]::new);
    }

    @Test
    void threeOllamaServersAreShown() {
        assertThat(config.backends()).containsOnlyKeys("llm-01", "llm-02", "orc");
        int port = 11434;
        for (BackendConfig backend : config.backends().values()) {
            assertThat(backend)
                    .isEqualTo(new BackendConfig(
                            new BackendUrl(false, "127.0.0.1", port++, ""),
                            BackendConfig.Kind.OLLAMA,
                            null,
                            1,
                            64,
                            null,
                            Map.of(),
                            config.backendDefaults().timeouts(),
                            BackendConfig.Embeddings.AUTO,
                            null));
        }
    }

    @Test
    void theirAddressesComeFromTheEnvironment() {
        WeirConfig elsewhere = shipped(Map.of(
                "LLM01_URL", "http://10.0.0.1:1", "LLM02_URL", "http://10.0.0.2:1", "ORC_URL", "http://10.0.0.3:1"));
        assertThat(elsewhere.backends().values())
                .extracting(backend -> backend.url().toString())
                .containsExactly("http://10.0.0.1:1", "http://10.0.0.2:1", "http://10.0.0.3:1");
    }

    @Test
    void sixteenModelsAreShown() {
        Map<String, List<Target>> targets = Map.ofEntries(
                Map.entry("llm01-llama3.2-3b", List.of(new Target("llm-01", "llama3.2:3b", 1))),
                Map.entry("llm01-qwen3-1.7b", List.of(new Target("llm-01", "qwen3:1.7b", 1))),
                Map.entry("llm01-mistral-small3.2", List.of(new Target("llm-01", "mistral-small3.2:latest", 1))),
                Map.entry("llm02-cogito-32b", List.of(new Target("llm-02", "cogito:32b", 1))),
                Map.entry("llm02-deepcoder-14b", List.of(new Target("llm-02", "deepcoder:14b", 1))),
                Map.entry("llm02-dolphin3-8b", List.of(new Target("llm-02", "dolphin3:8b", 1))),
                Map.entry("llm02-gemma2-2b", List.of(new Target("llm-02", "gemma2:2b", 1))),
                Map.entry("llm02-phi3", List.of(new Target("llm-02", "phi3:latest", 1))),
                Map.entry("emb-premium", List.of(new Target("orc", "mxbai-embed-large", 1))),
                Map.entry("emb-perf", List.of(new Target("orc", "nomic-embed-text", 1))),
                Map.entry("emb-light", List.of(new Target("orc", "all-minilm", 1))),
                Map.entry(
                        "hx-chat",
                        List.of(new Target("llm-01", "llama3.2:3b", 2), new Target("llm-02", "gemma2:2b", 1))),
                Map.entry("hx-chat-fast", List.of(new Target("llm-01", "qwen3:1.7b", 1))),
                Map.entry("hx-chat-premium", List.of(new Target("llm-02", "cogito:32b", 1))),
                Map.entry("hx-chat-code", List.of(new Target("llm-02", "deepcoder:14b", 1))),
                Map.entry("hx-chat-creative", List.of(new Target("llm-02", "dolphin3:8b", 1))));
        assertThat(config.models()).hasSize(16);
        targets.forEach((name, expected) ->
                assertThat(config.models().get(name)).hasFieldOrPropertyWithValue("targets", expected));
        assertThat(config.models().get("hx-chat")).hasFieldOrPropertyWithValue("fallbacks", List.of("hx-chat-fast"));
        assertThat(config.models().get("hx-chat-premium")).hasFieldOrPropertyWithValue("fallbacks", List.of("hx-chat"));
        assertThat(config.models().get("emb-premium"))
                .hasFieldOrPropertyWithValue("metadata", Map.of("dimensions", 1024));
        assertThat(config.models().get("emb-perf")).hasFieldOrPropertyWithValue("metadata", Map.of("dimensions", 768));
        assertThat(config.models().get("emb-light")).hasFieldOrPropertyWithValue("metadata", Map.of("dimensions", 384));
    }

    @Test
    void theMiddlewaresShowTheirSettings() {
        assertThat(config.middleware()).containsOnlyKeys("cors", "audit", "rate_limit", "cache", "transform");
        assertThat(config.settings("cors").toMap())
                .isEqualTo(Map.of(
                        "origins", List.of("*"), "methods", List.of("*"), "headers", List.of("*"), "max_age", "10m"));
        assertThat(config.settings("audit").toMap())
                .isEqualTo(Map.of(
                        "mode", "best_effort",
                        "bodies", false,
                        "body_limit", "64KiB",
                        "redact", List.of("api_key", "authorization"),
                        "queue", 10000,
                        "spill_directory", "data/spill",
                        "spill_max", "1GiB",
                        "retention", "90d"));
        assertThat(config.settings("rate_limit").toMap())
                .isEqualTo(Map.of(
                        "store",
                        "auto",
                        "per_key",
                        Map.of("requests_per_minute", 6000, "tokens_per_minute", 2000000, "parallel", 300),
                        "management",
                        Map.of("requests_per_minute", 600),
                        "on_store_failure",
                        "local"));
        assertThat(config.settings("cache").toMap())
                .isEqualTo(Map.of(
                        "store", "auto",
                        "embeddings",
                                Map.of("enabled", true, "scope", "all", "ttl", "1h", "prefix", "weir:embeddings:"),
                        "responses",
                                Map.of("enabled", false, "scope", "key", "ttl", "30m", "prefix", "weir:responses:"),
                        "max_size", "100MB",
                        "max_entry", "1MiB"));
        assertThat(config.settings("transform").toMap()).isEqualTo(Map.of("input_to_prompt", true));
    }

    @Test
    void threeAgentsAreShown() {
        assertThat(config.agents())
                .isEqualTo(Map.of(
                        "voice", new AgentConfig(1, Duration.ofSeconds(30), 50, Duration.ofMillis(10)),
                        "copilot", new AgentConfig(5, Duration.ofSeconds(60), 200, Duration.ofMillis(50)),
                        "gui", new AgentConfig(10, Duration.ofSeconds(120), 500, Duration.ofMillis(100))));
    }
}

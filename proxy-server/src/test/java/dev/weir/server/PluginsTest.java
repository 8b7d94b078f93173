package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.AllowsErrors;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stranger's middleware: the example of the documents, built as they say, and everything that can be wrong with one. */
class PluginsTest {
    private static final String CLASS_PATH = System.getProperty("java.class.path");
    private static final String YAML = """
            pipeline: [cors, auth, word_filter, transform]
            middleware: {word_filter: {words: [Forbidden]}}
            logging: {access_log: false}
            """;

    @TempDir
    private Path plugins;

    private Path example() {
        return PluginJar.ofExample(plugins.resolve("word-filter.jar"), CLASS_PATH);
    }

    private LoadedConfiguration load(String yaml) throws InvalidConfigurationException {
        return LoadedConfiguration.load(ConfigurationFile.of(yaml).withPlugins(plugins), Map.of());
    }

    private void assertProblem(String yaml, String... parts) {
        assertThatThrownBy(() -> load(yaml))
                .isInstanceOf(InvalidConfigurationException.class)
                .message()
                .contains(parts);
    }

    /** A factory called so, and what it does on top. */
    private static String source(String className, String name, String create) {
        return """
                import dev.weir.core.*;
                public final class %s implements MiddlewareFactory<%s.Settings> {
                    public record Settings() {}
                    @Override public String name() { return %s; }
                    @Override public Class<Settings> settings() { return Settings.class; }
                    @Override public Middleware create(Settings settings, Services services) { %s }
                }
                """.formatted(className, className, name, create);
    }

    private static final String PROCEEDS = "return exchange -> Verdict.PROCEED;";

    @Test
    void theExampleRefusesWordsAndMarksAnswers() {
        example();
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
                TestGateway gateway = TestGateway.start(
                        ConfigurationFile.of(YAML + "backends: {a: {url: \"" + sim.url() + "\"}}\n"
                                        + "models: {chat: {targets: [{backend: a, model: phi3}]}}")
                                .withPlugins(plugins),
                        Map.of())) {
            HttpResponse<String> refused = gateway.post(
                    "/v1/chat/completions",
                    "{'model':'chat','messages':[{'role':'user','content':'a FORBIDDEN word'}]}");
            HttpResponse<String> passed = gateway.post(
                    "/v1/chat/completions", "{'model':'chat','messages':[{'role':'user','content':'a word'}]}");

            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(json(refused).at("/error/message").asText()).contains("a word that is not allowed here");
            assertThat(passed.statusCode()).isEqualTo(200);
            assertThat(passed.headers().allValues("x-word-filter")).containsExactly("passed");
            assertThat(gateway.metric("word_filter_refused_total")).isOne();
        }
    }

    @Test
    void aReloadBringsTheSettingsAnew() throws IOException {
        example();
        Path file = Files.writeString(plugins.resolve("weir.yaml"), YAML);
        try (TestGateway gateway =
                TestGateway.start(new ConfigurationFile(file, null).withPlugins(plugins), Map.of())) {
            assertThat(gateway.post("/v1/chat/completions", "{'model':'changed'}")
                            .statusCode())
                    .isEqualTo(404);
            Files.writeString(file, YAML.replace("Forbidden", "changed"));

            assertThat(gateway.post("/management/config/reload", "").statusCode())
                    .isEqualTo(200);

            assertThat(gateway.post("/v1/chat/completions", "{'model':'changed'}")
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void theConfigurationMayNameTheDirectory() throws InvalidConfigurationException {
        example();

        assertThat(LoadedConfiguration.load(
                                ConfigurationFile.of(YAML + "plugins: {directory: \"" + plugins + "\"}"), Map.of())
                        .middlewares()
                        .names())
                .contains("word_filter");
    }

    @Test
    void wrongSettingsAreProblemsWithTheirPlace() {
        example();

        assertProblem(
                YAML.replace("words: [Forbidden]", "wrods: [x]"),
                "weir.yaml:2:28: middleware.word_filter.wrods: unknown key",
                "middleware.word_filter.words: ");
        assertProblem(YAML.replace("[Forbidden]", "[]"), "middleware.word_filter.words: is empty");
        assertProblem(YAML.replace("[Forbidden]", "[x], up_to: much"), "middleware.word_filter.up_to: ");
    }

    @Test
    void aJarIsNamedWhoseClassIsMissing() {
        Path jar = PluginJar.build(
                plugins.resolve("a.jar"), CLASS_PATH, "Own", source("Own", "\"own\"", PROCEEDS), "no.such.Factory");

        assertProblem("", "plugins: " + jar + ": class no.such.Factory is not there, but META-INF/services/");
    }

    @Test
    void aJarIsNamedThatIsNone() throws IOException {
        Path jar = Files.writeString(plugins.resolve("a.jar"), "this is no jar");

        assertProblem("", "plugins: " + jar + " is no jar: ");
    }

    @Test
    void aNameThatIsTakenIsRefused() {
        Path jar = PluginJar.build(plugins.resolve("a.jar"), "Own", source("Own", "\"cors\"", PROCEEDS));

        assertProblem("", "plugins: " + jar + ": class Own: the name cors is taken by Weir itself");
    }

    @Test
    void twoJarsCannotHaveOneName() {
        Path first = PluginJar.build(plugins.resolve("a.jar"), "First", source("First", "\"own\"", PROCEEDS));
        Path second = PluginJar.build(plugins.resolve("b.jar"), "Second", source("Second", "\"own\"", PROCEEDS));

        assertProblem("", second + ": class Second: the name own is taken by First of " + first);
    }

    @Test
    void everyFaultIsTold() throws IOException {
        PluginJar.build(plugins.resolve("a.jar"), "Own", source("Own", "\"cors\"", PROCEEDS));
        PluginJar.build(plugins.resolve("b.jar"), "Odd", source("Odd", "\"Odd Name\"", PROCEEDS));
        PluginJar.build(plugins.resolve("c.jar"), "No", "public final class No {}");
        PluginJar.build(
                plugins.resolve("d.jar"),
                "Hidden",
                source("Hidden", "\"h\"", PROCEEDS).replace("public record", "private Hidden() {} public record"));

        assertProblem(
                "",
                "the name cors is taken",
                "class Odd: name(): Odd Name (expected: lower-case letters, digits and _)",
                "class No is no dev.weir.core.MiddlewareFactory",
                "class Hidden cannot be made (expected: a public class with a public constructor without parameters)");
    }

    @Test
    @AllowsErrors("the log tells what the stranger's code threw")
    void aFactoryThatFailsIsAProblemNotACrash() {
        PluginJar.build(
                plugins.resolve("a.jar"),
                "Failing",
                source("Failing", "\"failing\"", "throw new IllegalStateException(\"no licence\");"));

        assertThatThrownBy(() -> Gateway.start(
                        ConfigurationFile.of("server: {listen: \"127.0.0.1:0\"}\npipeline: [failing]")
                                .withPlugins(plugins),
                        Map.of("STATE_DIRECTORY", plugins.toString())))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("Failing cannot make it: java.lang.IllegalStateException: no licence");
    }

    @Test
    void aJarWithoutMiddlewaresIsWarnedOf() throws InvalidConfigurationException, IOException {
        Path jar = PluginJar.build(plugins.resolve("lib.jar"), CLASS_PATH, "Lib", "public final class Lib {}", "");
        assertThat(load("").warnings()).noneMatch(warning -> warning.contains("lib.jar"));

        try (var zip = new java.util.jar.JarOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new java.util.jar.JarEntry("empty"));
        }

        assertThat(load("").warnings()).anyMatch(warning -> warning.contains(jar + " offers no middleware"));
    }

    @Test
    void checkAndServeTakeTheDirectoryAsAnOption() throws IOException {
        example();
        Path file = Files.writeString(plugins.resolve("weir.yaml"), YAML + "server: {listen: \"127.0.0.1:0\"}\n");

        try (WeirProcess check =
                        WeirProcess.start(Map.of(), "check", "--plugins", plugins.toString(), file.toString());
                WeirProcess without = WeirProcess.start(Map.of(), "check", file.toString());
                WeirProcess serve = WeirProcess.start(
                        Map.of(), "serve", "--plugins", plugins.toString(), "--config", file.toString())) {
            assertThat(check.awaitExit()).as(check.toString()).isZero();
            assertThat(check.output()).first().isEqualTo(file + " is valid");
            assertThat(without.awaitExit()).isEqualTo(2);
            assertThat(String.join("\n", without.errors())).contains("no middleware is named \"word_filter\"");
            assertThat(serve.awaitPort()).isPositive();
        }
    }

    @Test
    void aMiddlewareMayStandOnTheClassPath() throws IOException {
        Path jar = example();
        Path file = Files.writeString(plugins.resolve("weir.yaml"), YAML);

        try (WeirProcess check =
                WeirProcess.start(List.of("-cp", CLASS_PATH + ":" + jar), Map.of(), "check", file.toString())) {
            assertThat(check.awaitExit()).as(check.toString()).isZero();
        }
    }
}

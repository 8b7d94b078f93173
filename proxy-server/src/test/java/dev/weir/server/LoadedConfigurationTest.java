package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.server.config.InvalidConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadedConfigurationTest {
    private static LoadedConfiguration load(String yaml) throws InvalidConfigurationException {
        return LoadedConfiguration.load(ConfigurationFile.of(yaml), Map.of());
    }

    private static void assertProblem(String yaml, String problem) {
        assertThatThrownBy(() -> load(yaml))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void theWholePipelineIsThere() throws InvalidConfigurationException {
        assertThat(load("").warnings()).isEmpty();
    }

    @Test
    void aMiddlewareThatNobodyKnowsIsAProblem() {
        assertProblem("pipeline: [auth, cosr]", "weir.yaml:1:18: pipeline[1]: no middleware is named \"cosr\"");
    }

    @Test
    void settingsOfMiddlewaresAreChecked() {
        assertProblem("middleware: {cors: {origin: []}}", "weir.yaml:1:21: middleware.cors.origin: unknown key");
        assertProblem(
                "routes: [{path: /x, middleware: {cors: {max_age: soon}}}]",
                "weir.yaml:1:50: routes[0].middleware.cors.max_age: ");
    }

    @Test
    void aDatabaseUrlThatMakesNoSenseIsFoundBeforeTheStart() {
        assertProblem(
                "database: {url: \"postgresql://weir:secret@db/weir?sslmod=require\"}",
                "database: url: the driver knows no parameter sslmod");
    }

    @Test
    void settingsOfAuthStandAtTheTop() {
        assertProblem(
                "middleware: {auth: {key_prefix: x}}",
                "middleware.auth: these settings stand at the top of the file, under auth");
    }

    @Test
    void aRouteMayHaveSettingsOfAuthOfItsOwn() throws InvalidConfigurationException {
        assertThat(load("routes: [{path: /x, middleware: {auth: {anonymous: {routes: [/x]}}}}]")
                        .config()
                        .routes())
                .hasSize(1);
        assertProblem(
                "routes: [{path: /x, middleware: {auth: {anonymous: {routes: [x]}}}}]",
                "routes[0].middleware.auth.anonymous.routes");
    }

    @Test
    void pluginsThatCannotBeUsedAreAProblem(@TempDir Path directory) throws IOException {
        Path none = directory.resolve("none");
        assertProblem("plugins: {directory: \"" + none + "\"}", "plugins: " + none + " is no directory");
        Path jar = directory.resolve("broken.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("META-INF/services/dev.weir.core.MiddlewareFactory"));
            out.write("no.such.Factory".getBytes(StandardCharsets.US_ASCII));
        }
        assertProblem("plugins: {directory: \"" + directory + "\"}", jar + ": class no.such.Factory is not there");
    }

    @Test
    void anEmptyDirectoryOfPluginsAddsNothing(@TempDir Path directory) throws InvalidConfigurationException {
        assertThat(load("plugins: {directory: \"" + directory + "\"}")
                        .middlewares()
                        .names())
                .containsExactlyInAnyOrderElementsOf(Middlewares.builtIn().names());
    }
}

package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.store.RealRedis;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code target/weir.jar} as it is shipped. */
class WeirJarIT {
    private static final Path JAR = Path.of(System.getProperty("basedir", "."), "target", "weir.jar");

    private static List<String> entries() {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            return jar.stream().map(JarEntry::getName).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(String entry) throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile());
                InputStream in = jar.getInputStream(jar.getJarEntry(entry))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void itIsSmallAndHoldsNothingTwice() throws IOException {
        assertThat(Files.size(JAR)).isLessThan(60_000_000);
        assertThat(entries()).doesNotHaveDuplicates();
    }

    @Test
    void nativeLibrariesAreThoseOfLinuxOnly() {
        assertThat(entries())
                .filteredOn(name -> name.startsWith("META-INF/native/") && !name.endsWith("/"))
                .isNotEmpty()
                .allMatch(name -> name.matches(".*/lib\\w+_(x86_64|aarch_64)\\.so"));
        assertThat(entries()).noneMatch(name -> name.matches(".*\\.(dll|jnilib)"));
    }

    @Test
    void sqliteIsThereForLinuxAndTheMac() {
        assertThat(entries())
                .filteredOn(name -> name.startsWith("org/sqlite/native/") && !name.endsWith("/"))
                .isNotEmpty()
                .allMatch(name -> name.matches(".*/(Linux|Linux-Musl|Mac)/(x86_64|aarch64)/lib\\w+\\.(so|dylib)"));
    }

    @Test
    void servicesOfAllModulesAreThere() throws IOException {
        assertThat(text("META-INF/services/dev.weir.core.MiddlewareFactory"))
                .contains("AuthFactory", "CorsFactory", "SecurityHeadersFactory");
        assertThat(text("META-INF/services/org.slf4j.spi.SLF4JServiceProvider")).contains("logback");
    }

    @Test
    void theLicencesOfWhatIsInItAreListed() throws IOException {
        assertThat(text("META-INF/THIRD-PARTY.txt"))
                .contains("Apache", "netty-codec-http", "sqlite-jdbc", "postgresql");
    }

    @Test
    void nothingInItClaimsToBeAModuleOrToBeSigned() {
        assertThat(entries())
                .noneMatch(name -> name.endsWith("module-info.class"))
                .noneMatch(name -> name.matches("META-INF/[^/]*\\.(SF|DSA|RSA)"));
    }

    @Test
    void theManifestSaysWhatTheJvmMustKnow() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            Attributes manifest = jar.getManifest().getMainAttributes();

            assertThat(manifest.getValue("Multi-Release")).isEqualTo("true");
            assertThat(manifest.getValue("Main-Class")).isEqualTo("dev.weir.server.Main");
            assertThat(manifest.getValue("Enable-Native-Access")).isEqualTo("ALL-UNNAMED");
        }
    }

    @Test
    void itTellsItsVersionAndNothingElse() {
        try (WeirProcess weir = WeirProcess.ofJar(JAR, "version")) {
            assertThat(weir.awaitExit()).isZero();
            assertThat(weir.output()).hasSize(3).first().asString().matches("weir \\d+\\.\\d+\\.\\d+");
            assertThat(weir.errors()).isEmpty();
        }
    }

    @Test
    void theDemoNeedsNothingButTheJar() throws Exception {
        try (WeirProcess weir = WeirProcess.ofJar(JAR, "demo", "--port", "0")) {
            String url = "http://127.0.0.1:" + weir.awaitPort();
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            TestGateway.request(
                                    url + "/v1/chat/completions",
                                    "POST",
                                    "{'model': 'hx-chat', 'messages': [{'role': 'user', 'content': 'hi'}]}",
                                    "authorization",
                                    "Bearer sk-hx-dev-1234"),
                            HttpResponse.BodyHandlers.ofString());

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            weir.signal("TERM");
            assertThat(weir.awaitExit()).isZero();
            assertThat(weir.errors()).isEmpty();
            assertThat(weir.output()).noneMatch(line -> line.startsWith("WARNING:"));
        }
    }

    /** What is left out of the jar must not be what the client of Redis stands on. */
    @Test
    void redisCanBeUsedFromTheJar(@TempDir Path directory) throws IOException {
        try (RealRedis redis = RealRedis.start()) {
            Path file = Files.writeString(
                    directory.resolve("weir.yaml"),
                    "server: {listen: \"127.0.0.1:0\"}\nredis: {url: \"" + redis.url() + "\"}\n");
            try (WeirProcess weir = WeirProcess.ofJar(JAR, "serve", "--config", file.toString())) {
                int port = weir.awaitPort();

                Await.until(
                        WeirProcess.LIMIT,
                        "Redis answers",
                        () -> RawClient.get(port, "/metrics").text().contains("weir_redis_up 1.0"));
            }
        }
    }

    @Test
    void aMiddlewareIsBuiltAgainstItAndRunsBesideIt(@TempDir Path directory) throws IOException {
        Path plugin = PluginJar.ofExample(directory.resolve("word-filter.jar"), JAR.toString());
        Path file = Files.writeString(directory.resolve("weir.yaml"), """
                server: {listen: "127.0.0.1:0"}
                pipeline: [auth, word_filter]
                middleware: {word_filter: {words: [x]}}
                """);

        try (WeirProcess inADirectory = WeirProcess.ofJar(
                        JAR, "serve", "--plugins", directory.toString(), "--config", file.toString());
                WeirProcess onTheClassPath = WeirProcess.start(
                        List.of("-cp", JAR + ":" + plugin), Map.of(), "serve", "--config", file.toString())) {
            assertThat(inADirectory.awaitPort()).isPositive();
            assertThat(onTheClassPath.awaitPort()).isPositive();
        }
    }
}

package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.config.InvalidConfigurationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What is under {@code packaging/} fits together; {@code packaging/tests} installs and runs it. */
class PackagingTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", "."), "..");
    private static final Path PACKAGING = ROOT.resolve("packaging");
    private static final Pattern EXEC = Pattern.compile("(?m)^Exec\\w+=[-+!@:]*(/usr\\S+)(?: (\\w+))?");
    private static final Pattern UNIT = Pattern.compile("\\bweir[-\\w]*\\.(?:service|timer|socket)\\b");
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "WEIR_MASTER_KEY", "sk-of-the-test",
            "DATABASE_URL", "postgresql://weir:secret@postgres:5432/weir",
            "REDIS_URL", "redis://redis:6379");

    /** A line of the list of contents. */
    private record Content(String path, String source) {}

    private static List<Content> contents() {
        return text("debian/contents")
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> line.strip().split("\\s+"))
                .map(words -> new Content("/" + words[1], words[2]))
                .toList();
    }

    private static String text(String file) {
        return text(PACKAGING.resolve(file));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> files(String directory, String pattern) {
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        try (Stream<Path> files = Files.list(ROOT.resolve(directory))) {
            return files.filter(file -> matcher.matches(file.getFileName()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Object> documents(Path file) {
        List<Object> documents = new ArrayList<>();
        new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(text(file)).forEach(documents::add);
        return documents;
    }

    private static Map<?, ?> map(@Nullable Object yaml) {
        if (yaml instanceof Map<?, ?> map) {
            return map;
        }
        throw new AssertionError(yaml + " (expected: a map)");
    }

    @Test
    void everythingThatIsInstalledIsThere() {
        for (Content content : contents()) {
            if (content.source().startsWith("@stage/") || content.source().contains("/target/")) {
                continue;
            }
            Path source = Path.of(content.source());
            assertThat(files(String.valueOf(source.getParent()), String.valueOf(source.getFileName())))
                    .as(content.source())
                    .isNotEmpty();
        }
    }

    @Test
    void unitsRunWhatIsInstalledAndCommandsThatExist() {
        Set<String> installed = contents().stream().map(Content::path).collect(Collectors.toSet());
        Set<String> commands = Main.commandLine().getSubcommands().keySet();
        int found = 0;
        for (Path unit : files("packaging/systemd", "*.service")) {
            Matcher exec = EXEC.matcher(text(unit));
            while (exec.find()) {
                assertThat(installed).as(unit.toString()).contains(exec.group(1));
                assertThat(commands).as(unit.toString()).contains(exec.group(2));
                found++;
            }
        }
        assertThat(found).isGreaterThan(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tarball/install.sh", "debian/postinst", "debian/prerm", "debian/postrm"})
    void installersKnowEveryUnit(String script) {
        Set<String> named =
                UNIT.matcher(text(script)).results().map(m -> m.group()).collect(Collectors.toSet());
        Set<String> lasting = new TreeSet<>(Set.of("weir.service", "weir.socket"));
        files("packaging/systemd", "*.timer").forEach(file -> lasting.add(String.valueOf(file.getFileName())));

        assertThat(named).containsAll(lasting);
    }

    @Test
    void theManualPageTellsOfEveryCommand() {
        String page = text("files/weir.1");
        for (String command : Main.commandLine().getSubcommands().keySet()) {
            assertThat(page).as("weir.1 on " + command).containsPattern("(?m)^\\.BR? " + command + "\\b");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"deployment", "service", "poddisruptionbudget"})
    void manifestsSpeakOfTheSamePods(String name) {
        Object manifest =
                documents(PACKAGING.resolve("kubernetes/" + name + ".yaml")).get(0);
        Map<?, ?> selector = map(map(map(manifest).get("spec")).get("selector"));
        Object labels = selector.containsKey("matchLabels") ? selector.get("matchLabels") : selector;

        assertThat(labels).isEqualTo(Map.of("app.kubernetes.io/name", "weir"));
    }

    @Test
    void everyManifestHasAKindAndAName() {
        List<Path> manifests = files("packaging/kubernetes", "*.yaml");
        assertThat(manifests).hasSizeGreaterThanOrEqualTo(5);
        for (Path manifest : manifests) {
            for (Object document : documents(manifest)) {
                assertThat(map(document).get("kind")).as(manifest.toString()).isNotNull();
                assertThat(map(map(document).get("metadata")).get("name")).isEqualTo("weir");
            }
        }
    }

    @Test
    void theConfigurationOfKubernetesIsValid() throws InvalidConfigurationException {
        Object manifest =
                documents(PACKAGING.resolve("kubernetes/configmap.yaml")).get(0);
        String yaml = String.valueOf(map(map(manifest).get("data")).get("weir.yaml"));

        assertThat(LoadedConfiguration.load(ConfigurationFile.of(yaml), ENVIRONMENT)
                        .warnings())
                .isEmpty();
    }

    @Test
    void theConfigurationOfComposeIsValidAndItsThreeInstancesAreBalanced() throws InvalidConfigurationException {
        String yaml = text("docker/weir.yaml");
        Map<?, ?> services = map(
                map(documents(PACKAGING.resolve("docker/compose.yaml")).get(0)).get("services"));

        assertThat(LoadedConfiguration.load(ConfigurationFile.of(yaml), ENVIRONMENT)
                        .warnings())
                .isEmpty();
        for (String instance : List.of("weir-1", "weir-2", "weir-3")) {
            assertThat(map(services.get(instance)).get("image")).isEqualTo("weir:local");
            assertThat(text("docker/haproxy.cfg")).contains("server " + instance + " " + instance + ":4000");
        }
    }
}

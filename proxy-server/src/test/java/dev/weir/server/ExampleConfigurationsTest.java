package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The configurations under {@code conf/examples}, with the variables that their first lines name. */
class ExampleConfigurationsTest {
    private static final Path EXAMPLES = Path.of(System.getProperty("basedir", "."), "..", "conf", "examples");
    private static final Pattern NEEDED = Pattern.compile("\\$\\{([A-Z0-9_]+)}");

    @TempDir
    private Path state;

    static Stream<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            List<Path> all = files.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
            assertThat(all).hasSizeGreaterThanOrEqualTo(5);
            return all.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void isValidAndStarts(Path example) throws Exception {
        Map<String, String> environment = Map.of(
                "WEIR_MASTER_KEY", "sk-of-a-test-and-nobody-else",
                "WEIR_MANAGEMENT_KEY", "sk-of-a-test-for-management",
                "WEIR_LISTEN", "127.0.0.1:0",
                "DATABASE_URL", "sqlite:weir.db",
                "REDIS_URL", "redis://127.0.0.1:1",
                "STATE_DIRECTORY", state.toString());
        assertThat(LoadedConfiguration.load(new ConfigurationFile(example, null), environment)
                        .warnings())
                .isEmpty();
        try (TestGateway gateway = TestGateway.start(new ConfigurationFile(example, null), environment)) {
            assertThat(gateway.send("GET", "/healthz", "").statusCode()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void namesTheVariablesItNeeds(Path example) throws IOException {
        String text = Files.readString(example);
        String head = text.lines().takeWhile(line -> line.startsWith("#")).reduce("", String::concat);
        Matcher needed = NEEDED.matcher(text);
        while (needed.find()) {
            assertThat(head).contains(needed.group(1));
        }
    }
}

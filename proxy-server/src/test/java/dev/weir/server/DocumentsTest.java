package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the documents say of tests is true. */
class DocumentsTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", "."), "..");
    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w+(?:Test|IT))\\.(\\w+)`");

    @ParameterizedTest
    @ValueSource(strings = "docs/FAULTS.md")
    void everyTestThatIsNamedExists(String page) throws IOException {
        List<String> sources = sources();
        Matcher named = TEST.matcher(Files.readString(ROOT.resolve(page)));
        int count = 0;
        while (named.find()) {
            String type = "class " + named.group(1) + " ";
            String method = " void " + named.group(2) + "(";
            assertThat(sources)
                    .as(page + ": " + named.group())
                    .anyMatch(source -> source.contains(type) && source.contains(method));
            count++;
        }
        assertThat(count).as("tests named").isGreaterThan(10);
    }

    private static List<String> sources() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.map(module -> module.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .flatMap(DocumentsTest::files)
                    .map(DocumentsTest::text)
                    .toList();
        }
    }

    private static Stream<Path> files(Path directory) {
        try {
            return Files.walk(directory).filter(file -> file.toString().endsWith(".java"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

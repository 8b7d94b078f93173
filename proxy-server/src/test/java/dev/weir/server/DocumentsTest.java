package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    @ValueSource(strings = {"docs/FAULTS.md", "docs/SECURITY.md"})
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
        List<String> sources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            files.filter(file -> file.toString().contains("/src/test/java/")
                            && file.toString().endsWith(".java"))
                    .forEach(file -> sources.add(text(file)));
        }
        return sources;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

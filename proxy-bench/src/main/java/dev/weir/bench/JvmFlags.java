package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Weir's JVM is measured with: the options of the installed service, from the one file where they are written. */
final class JvmFlags {
    private static final Path INSTALLED = Path.of("packaging", "files", "weir.jvm");
    private static final List<String> WITHOUT_FILE = List.of("-Xmx256m");

    private JvmFlags() {}

    static List<String> of(Path root) throws IOException {
        Path file = root.resolve(INSTALLED);
        return Files.isRegularFile(file) ? ofFile(Files.readString(file)) : WITHOUT_FILE;
    }

    /** The options of a file for {@code java @FILE}, without those that name directories of an installation. */
    static List<String> ofFile(String text) {
        List<String> flags = text.lines()
                .map(String::strip)
                .filter(line -> line.startsWith("-"))
                .filter(line -> !line.startsWith("-XX:ErrorFile") && !line.startsWith("-XX:HeapDumpPath"))
                .toList();
        return flags.isEmpty() ? WITHOUT_FILE : flags;
    }
}

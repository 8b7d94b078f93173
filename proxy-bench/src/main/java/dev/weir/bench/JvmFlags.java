package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Weir's JVM is measured with: the flags of the unit file, the one place where they are written. */
final class JvmFlags {
    private static final Path UNIT = Path.of("packaging", "systemd", "weir.service");
    private static final List<String> WITHOUT_UNIT = List.of("-Xmx256m");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{?(\\w+)}?");

    private JvmFlags() {}

    static List<String> of(Path root) throws IOException {
        Path unit = root.resolve(UNIT);
        return Files.isRegularFile(unit) ? ofUnit(Files.readString(unit)) : WITHOUT_UNIT;
    }

    /** The options between {@code java} and {@code -jar}, with what {@code Environment=} says in the place of variables. */
    static List<String> ofUnit(String unit) {
        String text = unit.replace("\\\n", " ");
        List<String> flags = new ArrayList<>();
        for (String word : substituted(start(text), text).split("\\s+", -1)) {
            if (word.equals("-jar")) {
                break;
            }
            // The archive belongs to the installed jar; the cell that measures the start makes one of its own.
            if (word.startsWith("-") && !word.startsWith("-XX:SharedArchiveFile") && !word.startsWith("-Xshare")) {
                flags.add(word);
            }
        }
        return flags.isEmpty() ? WITHOUT_UNIT : flags;
    }

    private static String start(String unit) {
        return unit.lines()
                .filter(line -> line.startsWith("ExecStart="))
                .map(line -> line.substring("ExecStart=".length()))
                .findFirst()
                .orElse("");
    }

    private static String substituted(String command, String unit) {
        Matcher variable = VARIABLE.matcher(command);
        return variable.replaceAll(found -> Matcher.quoteReplacement(environment(found.group(1), unit)));
    }

    private static String environment(String name, String unit) {
        Matcher written = Pattern.compile("(?m)^Environment=\"?" + name + "=([^\"\n]*)\"?$")
                .matcher(unit);
        return written.find() ? written.group(1) : "";
    }
}

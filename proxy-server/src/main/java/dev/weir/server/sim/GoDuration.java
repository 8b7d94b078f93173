package dev.weir.server.sim;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as Go writes them and Ollama's {@code keep_alive} takes them: {@code 50ms}, {@code 2s}, {@code 1h30m}.
 * *Any thread.*
 */
final class GoDuration {
    private static final Pattern WHOLE = Pattern.compile("[+-]?(?:\\d+(?:\\.\\d+)?(?:ns|us|µs|ms|s|m|h))+|[+-]?0");
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|µs|ms|s|m|h)");
    private static final Map<String, Double> NANOS =
            Map.of("ns", 1.0, "us", 1e3, "µs", 1e3, "ms", 1e6, "s", 1e9, "m", 60e9, "h", 3600e9);

    private GoDuration() {}

    /** @throws IllegalArgumentException when the text is no such duration */
    static Duration parse(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw new IllegalArgumentException("duration: " + text + " (expected: for example 50ms, 2s, 1h30m)");
        }
        double nanos = 0;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            nanos += Double.parseDouble(part.group(1)) * NANOS.getOrDefault(part.group(2), 0.0);
        }
        return Duration.ofNanos(Math.round(text.startsWith("-") ? -nanos : nanos));
    }
}

package dev.weir.server.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long Ollama keeps a model loaded: a duration, or {@code -1} for ever (then {@code duration} is null). */
public record KeepAlive(@Nullable Duration duration) {
    public static KeepAlive parse(String text) {
        if (text.equals("-1")) {
            return new KeepAlive(null);
        }
        try {
            return new KeepAlive(Durations.parse(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ", or -1 for ever", e);
        }
    }

    @Override
    public String toString() {
        return duration == null ? "-1" : Durations.format(duration);
    }
}

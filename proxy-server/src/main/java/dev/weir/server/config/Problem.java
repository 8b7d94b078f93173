package dev.weir.server.config;

import org.jspecify.annotations.Nullable;

/**
 * One thing wrong with a configuration. Lines and columns count from 1, 0 meaning the file as a whole; the path is empty where
 * the text is no YAML at all. The message never quotes a secret.
 */
public record Problem(
        String file,
        int line,
        int column,
        String path,
        String message,
        @Nullable String hint) {

    Problem(Location location, String message, @Nullable String hint) {
        this(location.file(), location.line(), location.column(), location.path(), message, hint);
    }

    /** {@code conf/weir.yaml:12:5: backends.llm-01.weigth: unknown key (did you mean "weight"?)}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(file);
        if (line > 0) {
            text.append(':').append(line).append(':').append(column);
        }
        text.append(": ");
        if (!path.isEmpty()) {
            text.append(path).append(": ");
        }
        text.append(message);
        if (hint != null) {
            text.append(" (").append(hint).append(')');
        }
        return text.toString();
    }
}

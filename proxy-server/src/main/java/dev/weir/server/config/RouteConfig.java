package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One of {@code routes}. First match wins; what is null is as on the other routes.
 *
 * @param path an exact path, or all that begin alike when it ends with {@code *}
 * @param backend relays as it is to this backend
 */
public record RouteConfig(
        String path,
        @Nullable String backend,
        @Nullable List<String> pipeline,
        @Nullable Duration heartbeat,
        @Default("{}") Map<String, Section> middleware) {

    private static final Pattern PATH = Pattern.compile("/[^\\s*?#]*\\*?");

    public RouteConfig {
        if (!PATH.matcher(path).matches()) {
            throw new IllegalArgumentException("path: " + path + " (expected: /path, or /path* for all that begin so)");
        }
    }
}

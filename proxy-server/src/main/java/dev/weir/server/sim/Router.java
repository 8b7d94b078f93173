package dev.weir.server.sim;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds what answers a method and a path; refuses unknown ones in plain text as Ollama does, or with OpenAI's error.
 * *Any thread* once filled.
 */
final class Router {
    private static final Pattern BAR = Pattern.compile("\\|");

    private final Map<String, Map<String, Consumer<Exchange>>> exact = new HashMap<>();
    private final Map<String, Map<String, Consumer<Exchange>>> prefixes = new TreeMap<>();
    private final SimKind kind;

    Router(SimKind kind) {
        this.kind = kind;
    }

    /**
     * @param methods one method, or several as {@code GET|HEAD}
     * @param path exact, or with a star at its end for all paths below it
     */
    void on(String methods, String path, Consumer<Exchange> action) {
        boolean below = path.endsWith("/*");
        String key = below ? path.substring(0, path.length() - 1) : path;
        Map<String, Consumer<Exchange>> actions =
                (below ? prefixes : exact).computeIfAbsent(key, unused -> new HashMap<>());
        BAR.splitAsStream(methods).forEach(method -> actions.put(method, action));
    }

    void route(Exchange exchange) {
        Map<String, Consumer<Exchange>> actions = find(exchange.path());
        if (actions == null) {
            refuse(exchange, 404, "404 page not found", "Invalid URL", null);
            return;
        }
        Consumer<Exchange> action = actions.get(exchange.method());
        if (action == null) {
            refuse(exchange, 405, "405 method not allowed", "Not allowed", "method_not_supported");
        } else {
            action.accept(exchange);
        }
    }

    private void refuse(Exchange exchange, int status, String text, String message, @Nullable String code) {
        if (kind == SimKind.OPENAI) {
            String request = " (" + exchange.method() + " " + exchange.path() + ")";
            throw new SimError(status, message + request, null, code);
        }
        exchange.reply(status, "text/plain", text.getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable Map<String, Consumer<Exchange>> find(String path) {
        Map<String, Consumer<Exchange>> actions = exact.get(path);
        if (actions != null) {
            return actions;
        }
        for (Map.Entry<String, Map<String, Consumer<Exchange>>> entry : prefixes.entrySet()) {
            if (path.startsWith(entry.getKey())
                    && path.length() > entry.getKey().length()) {
                return entry.getValue();
            }
        }
        return null;
    }
}

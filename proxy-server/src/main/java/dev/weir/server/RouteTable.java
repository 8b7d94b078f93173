package dev.weir.server;

import dev.weir.core.Endpoint;
import dev.weir.core.LocalResponse;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import dev.weir.core.Router;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds a request's route by method and raw path: what was entered first wins among patterns; exact paths without a
 * configured pattern before them are found by hash. Immutable.
 */
final class RouteTable implements Router {
    private final List<Entry> entries;
    private final Map<String, Map<String, Route>> exact;
    private final Route fallback;

    private RouteTable(List<Entry> entries, Map<String, Map<String, Route>> exact, Route fallback) {
        this.entries = entries;
        this.exact = exact;
        this.fallback = fallback;
    }

    /**
     * A pattern and where it leads.
     *
     * @param path an exact path, or a prefix when {@code prefix}
     * @param method the method, or null for any
     */
    private record Entry(
            String path, boolean prefix, @Nullable String method, Route route) {
        boolean matchesPath(String asked) {
            return prefix ? asked.startsWith(path) : asked.equals(path);
        }

        boolean matchesMethod(String asked) {
            return method == null || method.equals(asked);
        }
    }

    @Override
    public Route route(RequestHead head) {
        String method = head.isHead() ? "GET" : head.method();
        Map<String, Route> byMethod = exact.get(head.path());
        Route known = byMethod == null ? null : byMethod.get(method);
        return known != null ? known : search(head.path(), method);
    }

    private Route search(String path, String method) {
        Route atPath = null;
        Set<String> allowed = new TreeSet<>();
        for (Entry entry : entries) {
            // A path that is served for other methods is not for the patterns behind it.
            if (!entry.matchesPath(path) || (entry.prefix && atPath != null)) {
                continue;
            }
            if (entry.matchesMethod(method)) {
                return entry.route;
            }
            if (!entry.prefix) {
                atPath = atPath == null ? entry.route : atPath;
                allowed.add(String.valueOf(entry.method));
            }
        }
        return atPath == null ? fallback : refusal(atPath, allowed, method);
    }

    /** The route of a path that is served, but not for this method. */
    private static Route refusal(Route atPath, Set<String> allowed, String method) {
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        allowed.add("OPTIONS");
        String list = String.join(", ", allowed);
        boolean options = method.equals("OPTIONS");
        Endpoint endpoint = options
                ? Endpoint.answering(exchange -> LocalResponse.empty(204).with("Allow", list))
                : RouteTables.methodNotAllowed(list);
        return new Route(
                atPath.name(),
                options ? Route.Access.OPEN : atPath.access(),
                atPath.dialect(),
                atPath.chain(),
                endpoint,
                null,
                atPath.maxBodyBytes());
    }

    /** Collects routes. Confined to one thread. */
    static final class Builder {
        private final List<Entry> entries = new ArrayList<>();

        Builder get(String path, Route route) {
            return add(path, "GET", route);
        }

        Builder post(String path, Route route) {
            return add(path, "POST", route);
        }

        Builder delete(String path, Route route) {
            return add(path, "DELETE", route);
        }

        /** Any method. */
        Builder any(String path, Route route) {
            return add(path, null, route);
        }

        private Builder add(String path, @Nullable String method, Route route) {
            boolean prefix = path.endsWith("*");
            entries.add(new Entry(prefix ? path.substring(0, path.length() - 1) : path, prefix, method, route));
            return this;
        }

        RouteTable build(Route fallback) {
            Map<String, Map<String, Route>> exact = new HashMap<>();
            List<Entry> before = new ArrayList<>();
            for (Entry entry : entries) {
                boolean hidden = before.stream()
                        .anyMatch(earlier -> earlier.matchesPath(entry.path)
                                && (earlier.method == null || earlier.method.equals(entry.method)));
                if (!entry.prefix && entry.method != null && !hidden) {
                    exact.computeIfAbsent(entry.path, path -> new LinkedHashMap<>())
                            .putIfAbsent(entry.method, entry.route);
                }
                before.add(entry);
            }
            return new RouteTable(List.copyOf(entries), Map.copyOf(exact), fallback);
        }
    }
}

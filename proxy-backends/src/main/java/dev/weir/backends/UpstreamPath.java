package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.Key;

/** Paths of requests for a model, as backends know them: clients may leave {@code /v1} out. */
final class UpstreamPath {
    /** What backends are asked at, where that does not follow from what the client asked for. */
    static final Key<String> KEY = Key.of("upstream path");

    private UpstreamPath() {}

    /** The target that backends are asked at. */
    static String of(Exchange exchange) {
        String other = exchange.get(KEY);
        return other == null ? of(exchange.request().target()) : other;
    }

    /** As {@link #of(Exchange)}, without a query. */
    static String pathOf(Exchange exchange) {
        String other = exchange.get(KEY);
        return other == null ? of(exchange.request().path()) : other;
    }

    /** The target with {@code /v1} in front unless it begins with that or with {@code /api/}. */
    static String of(String target) {
        return isUnder(target, "/v1") || isUnder(target, "/api") ? target : "/v1" + target;
    }

    private static boolean isUnder(String target, String prefix) {
        return target.startsWith(prefix)
                && (target.length() == prefix.length()
                        || target.charAt(prefix.length()) == '/'
                        || target.charAt(prefix.length()) == '?');
    }
}

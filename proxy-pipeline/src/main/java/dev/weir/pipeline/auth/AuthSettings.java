package dev.weir.pipeline.auth;

import dev.weir.core.CidrSet;
import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code auth}: who may call.
 *
 * @param masterKey may do everything, under no limit
 * @param managementKey may use management routes and nothing else; null for none
 * @param keyPrefix how the keys that Weir makes begin
 * @param keys how the snapshot of the stored keys is kept
 * @param anonymous what clients without a key may do; null for nothing
 */
public record AuthSettings(
        @Default("${WEIR_MASTER_KEY:-sk-hx-dev-1234}") String masterKey,
        @Default("${WEIR_MANAGEMENT_KEY:-}") @Nullable String managementKey,
        @Default("sk-weir-") String keyPrefix,
        @Default("{}") Keys keys,
        @Nullable Anonymous anonymous) {

    public AuthSettings {
        managementKey = managementKey == null || managementKey.isEmpty() ? null : managementKey;
        expectSendable("master_key", masterKey);
        expectSendable("key_prefix", keyPrefix);
        if (managementKey != null) {
            expectSendable("management_key", managementKey);
        }
    }

    /** What a header cannot carry as it stands would be a key nobody can use. */
    private static void expectSendable(String name, String key) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException(name + ": is empty");
        }
        for (int i = 0; i < key.length(); i++) {
            if (key.charAt(i) <= ' ' || key.charAt(i) == 0x7f) {
                throw new IllegalArgumentException(
                        name + ": holds white space or a control character (expected: visible characters)");
            }
        }
    }

    /**
     * The in-process snapshot of the stored keys.
     *
     * @param poll how often it is compared with the store
     * @param maxStale how old it may be while the store is away; 0 for any age
     */
    public record Keys(
            @Default("1s") Duration poll, @Default("0") Duration maxStale) {
        public Keys {
            if (poll.isNegative() || poll.isZero()) {
                throw new IllegalArgumentException("poll: " + poll.toMillis() + "ms (expected: > 0s)");
            }
            if (maxStale.isNegative()) {
                throw new IllegalArgumentException("max_stale: " + maxStale.toMillis() + "ms (expected: >= 0s)");
            }
        }
    }

    /**
     * Clients that send no key.
     *
     * @param routes the paths they may use, exact or with a {@code *} at the end; never management routes
     * @param from the networks they may come from
     * @param requestsPerMinute what all of them together may send
     */
    public record Anonymous(
            List<String> routes,
            @Default("[127.0.0.0/8]") List<String> from,
            @Default("600") int requestsPerMinute) {

        private static final Pattern ROUTE = Pattern.compile("/[^\\s*?#]*\\*?");

        public Anonymous {
            routes = List.copyOf(routes);
            from = List.copyOf(from);
            for (String route : routes) {
                if (!ROUTE.matcher(route).matches()) {
                    throw new IllegalArgumentException(
                            "routes: " + route + " (expected: /path, or /path* for all that begin so)");
                }
            }
            try {
                CidrSet.of(from);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("from: " + e.getMessage(), e);
            }
            if (requestsPerMinute < 1) {
                throw new IllegalArgumentException("requests_per_minute: " + requestsPerMinute + " (expected: >= 1)");
            }
        }
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "AuthSettings[keyPrefix=" + keyPrefix + ", keys=" + keys + ", anonymous=" + anonymous + "]";
    }
}

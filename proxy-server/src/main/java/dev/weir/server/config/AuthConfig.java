package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code auth}: who may call. */
public record AuthConfig(
        @Default("${WEIR_MASTER_KEY:-sk-hx-dev-1234}") String masterKey,
        @Default("${WEIR_MANAGEMENT_KEY:-}") @Nullable String managementKey,
        @Default("sk-weir-") String keyPrefix,
        @Default("{}") Keys keys,
        @Nullable Anonymous anonymous) {

    /** The master key of development, known to everyone. */
    static final String DEVELOPMENT_KEY = "sk-hx-dev-1234";

    public AuthConfig {
        Expect.notBlank("master_key", masterKey);
        Expect.notBlank("key_prefix", keyPrefix);
    }

    /** How the in-process snapshot of keys is refreshed, and how old it may be while the database is away (0 = any age). */
    public record Keys(
            @Default("1s") Duration poll, @Default("0") Duration maxStale) {
        public Keys {
            Expect.positive("poll", poll);
        }
    }

    /** What clients without a key may do. */
    public record Anonymous(
            List<String> routes,
            @Default("[127.0.0.0/8]") List<Cidr> from,
            @Default("600") int requestsPerMinute) {

        public Anonymous {
            Expect.atLeast("requests_per_minute", requestsPerMinute, 1);
        }
    }

    @Override
    public String toString() {
        return Redacted.of(this).toString();
    }
}

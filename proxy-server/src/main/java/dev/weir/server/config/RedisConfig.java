package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code redis}: the shared cache and rate limits; without a URL this process keeps its own. */
public record RedisConfig(
        @Default("${REDIS_URL:-}") @Nullable String url,
        @Default("100ms") Duration timeout) {
    private static final Pattern URL =
            Pattern.compile("(?:redis|rediss|redis-sentinel|redis-cluster)://(?:.*@)?[^@/][^@]*");

    public RedisConfig {
        if (url != null && !URL.matcher(url).matches()) {
            throw new IllegalArgumentException(
                    "url: not a Redis URL (expected: redis://, rediss://, redis-sentinel:// or redis-cluster:// and a host)");
        }
        Expect.positive("timeout", timeout);
    }

    @Override
    public String toString() {
        return Redacted.of(this).toString();
    }
}

package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.regex.Pattern;

/** {@code database}: the store of keys, audit, usage and the model registry. */
public record DatabaseConfig(
        @Default("${DATABASE_URL:-sqlite:data/weir.db}") String url,
        @Default("20") int poolSize,
        @Default("5s") Duration poolTimeout,
        @Default("5s") Duration statementTimeout) {

    private static final Pattern URL = Pattern.compile("sqlite:.+|postgres(?:ql)?://.*[^/@]/[^/?].*");

    public DatabaseConfig {
        if (!URL.matcher(url).matches()) {
            throw new IllegalArgumentException(
                    "url: not a database (expected: sqlite:FILE or postgresql://user:password@host:port/database)");
        }
        Expect.atLeast("pool_size", poolSize, 1);
        Expect.positive("pool_timeout", poolTimeout);
        Expect.positive("statement_timeout", statementTimeout);
    }

    @Override
    public String toString() {
        return Redacted.of(this).toString();
    }
}

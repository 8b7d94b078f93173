package dev.weir.pipeline.limit;

import dev.weir.core.Default;
import dev.weir.core.Limits;
import java.time.Duration;

/**
 * {@code rate_limit}: how much may be asked for.
 *
 * @param store where it is counted: {@code auto} is Redis when it is configured, else the memory of this process
 * @param perKey for each key on routes for clients; a key's own limits replace these
 * @param management for each key on management routes
 * @param global for all clients together
 * @param burst how long a bucket that is full lasts: what may be used at once, as time
 * @param onStoreFailure what to do while Redis cannot be asked
 */
public record LimitSettings(
        @Default("auto") Store store,

        @Default("{requests_per_minute: 6000, tokens_per_minute: 2000000, parallel: 300}")
        Amounts perKey,

        @Default("{requests_per_minute: 600}") Amounts management,
        @Default("{}") Amounts global,
        @Default("1m") Duration burst,
        @Default("local") OnStoreFailure onStoreFailure) {
    private static final Duration MIN_BURST = Duration.ofSeconds(1);
    private static final Duration MAX_BURST = Duration.ofMinutes(1);

    public LimitSettings {
        if (burst.compareTo(MIN_BURST) < 0 || burst.compareTo(MAX_BURST) > 0) {
            throw new IllegalArgumentException("burst: " + burst.toMillis() + "ms (expected: 1s to 1m)");
        }
    }

    /** Where it is counted. */
    public enum Store {
        AUTO,
        REDIS,
        MEMORY
    }

    /** What to do while Redis cannot be asked. */
    public enum OnStoreFailure {
        /** Each instance counts alone. */
        LOCAL,
        /** Everything passes. */
        ALLOW,
        /** Nothing passes. */
        REJECT
    }

    /** Limits as they are written; 0 for none. */
    public record Amounts(
            @Default("0") long requestsPerMinute,
            @Default("0") long tokensPerMinute,
            @Default("0") int parallel) {
        public Amounts {
            expectSane("requests_per_minute", requestsPerMinute);
            expectSane("tokens_per_minute", tokensPerMinute);
            expectSane("parallel", parallel);
        }

        private static void expectSane(String name, long value) {
            if (value < 0 || value > Level.MAX_RATE) {
                throw new IllegalArgumentException(
                        name + ": " + value + " (expected: 1 to " + Level.MAX_RATE + ", or 0 for no limit)");
            }
        }

        Limits limits() {
            return new Limits(requestsPerMinute, tokensPerMinute, parallel);
        }
    }
}

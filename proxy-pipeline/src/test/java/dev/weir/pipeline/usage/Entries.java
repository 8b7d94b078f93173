package dev.weir.pipeline.usage;

import java.time.Instant;

/** Makes entries for tests. */
final class Entries {
    static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    private Entries() {}

    /** A request that was served: {@code prompt} tokens and twice as many of completion, at 0.001 a token. */
    static UsageEntry served(String key, String model, String backend, long prompt) {
        return new UsageEntry(
                key,
                "name of " + key,
                model,
                backend,
                prompt,
                2 * prompt,
                1,
                false,
                false,
                false,
                false,
                3 * prompt / 1_000.0,
                30,
                10,
                NOW.toEpochMilli());
    }

    /** A request that was refused. */
    static UsageEntry refused(String key) {
        return new UsageEntry(key, "", "", "", 0, 0, 0, false, true, false, false, 0, 1, 1, NOW.toEpochMilli());
    }
}

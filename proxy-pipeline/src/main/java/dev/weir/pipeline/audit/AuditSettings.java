package dev.weir.pipeline.audit;

import dev.weir.core.ByteSize;
import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;

/**
 * {@code audit}: what is written down, and what happens to it while the database is away. The last four are the process's:
 * those made last count, on whatever route they stand.
 *
 * @param mode what happens to a request whose record nobody takes
 * @param bodies whether requests and answers of clients are kept
 * @param bodyLimit a longer body is cut
 * @param redact names whose values are never kept, without regard to case, {@code -} and {@code _}
 * @param queue records that may wait in memory
 * @param spillDirectory where they wait while the database is away
 * @param spillMax bytes on disk that wait at most
 * @param retention older records are removed
 */
public record AuditSettings(
        @Default("best_effort") Mode mode,
        @Default("false") boolean bodies,
        @Default("64KiB") ByteSize bodyLimit,
        @Default("[api_key, authorization]") List<String> redact,
        @Default("10000") int queue,
        @Default("data/spill") String spillDirectory,
        @Default("1GiB") ByteSize spillMax,
        @Default("90d") Duration retention) {
    private static final int MAX_QUEUE = 1_000_000;
    private static final long MAX_BODY_BYTES = 16L << 20;
    private static final long MIN_SPILL_BYTES = 64L << 10;

    public AuditSettings {
        redact = List.copyOf(redact);
        if (redact.stream().anyMatch(name -> SecretNames.normal(name).isEmpty())) {
            throw new IllegalArgumentException("redact: an empty name (expected: names of members)");
        }
        if (queue < 1 || queue > MAX_QUEUE) {
            throw new IllegalArgumentException("queue: " + queue + " (expected: 1 to " + MAX_QUEUE + ")");
        }
        if (bodyLimit.bytes() < 1 || bodyLimit.bytes() > MAX_BODY_BYTES) {
            throw new IllegalArgumentException(
                    "body_limit: " + bodyLimit + " (expected: 1 to " + new ByteSize(MAX_BODY_BYTES) + ")");
        }
        if (spillDirectory.isBlank()) {
            throw new IllegalArgumentException("spill_directory: empty (expected: a directory)");
        }
        if (spillMax.bytes() < MIN_SPILL_BYTES) {
            throw new IllegalArgumentException(
                    "spill_max: " + spillMax + " (expected: >= " + new ByteSize(MIN_SPILL_BYTES) + ")");
        }
        if (retention.toMillis() < 1) {
            throw new IllegalArgumentException("retention: " + retention.toMillis() + "ms (expected: > 0s)");
        }
    }

    /** What happens to a request whose record nobody takes. */
    public enum Mode {
        /** It is served, and the record that is missing is counted. */
        BEST_EFFORT,
        /** It is refused before it is served. */
        REQUIRED
    }
}

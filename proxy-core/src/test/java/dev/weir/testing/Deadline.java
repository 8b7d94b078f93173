package dev.weir.testing;

import java.time.Duration;

/** By when one operation of a test peer must be done; carries the operation's name for the message of its failure. */
record Deadline(String operation, Duration timeout, long startNanos) {
    static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(20);

    static Deadline of(String operation, Duration timeout) {
        return new Deadline(operation, timeout, System.nanoTime());
    }

    /** What is left, at least 1 (a socket timeout of 0 would wait for ever), or 0 when the time is up. */
    int remainingMillis() {
        long leftNanos = timeout.toNanos() - (System.nanoTime() - startNanos);
        if (leftNanos <= 0) {
            return 0;
        }
        return (int) Math.min(Integer.MAX_VALUE, leftNanos / 1_000_000 + 1);
    }
}

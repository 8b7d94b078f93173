package dev.weir.backends;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Keeps retries a small share of the requests, so that a failing fleet is not also flooded: over the last ten to twenty
 * seconds at most {@code percent} of the requests, or {@code min} where that is more. Any thread.
 */
final class RetryBudget {
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final int percent;
    private final int min;
    private final LongSupplier clock;
    private long windowStart;
    private long requests;
    private long requestsBefore;
    private long retries;
    private long retriesBefore;

    RetryBudget(int percent, int min, LongSupplier clock) {
        this.percent = percent;
        this.min = min;
        this.clock = clock;
        this.windowStart = clock.getAsLong();
    }

    /** Counts a request that is no retry. */
    synchronized void request() {
        turn();
        requests++;
    }

    /** Takes one retry; false if there is none left. */
    synchronized boolean tryRetry() {
        turn();
        long allowed = Math.max(min, (requests + requestsBefore) * percent / 100);
        if (retries + retriesBefore >= allowed) {
            return false;
        }
        retries++;
        return true;
    }

    private void turn() {
        long windows = (clock.getAsLong() - windowStart) / WINDOW_NANOS;
        if (windows > 0) {
            requestsBefore = windows == 1 ? requests : 0;
            retriesBefore = windows == 1 ? retries : 0;
            requests = 0;
            retries = 0;
            windowStart += windows * WINDOW_NANOS;
        }
    }
}

package dev.weir.backends;

import java.util.concurrent.TimeUnit;

/**
 * How often something is wanted: requests a second, of which those of the last minute count most. Any thread; of two that come
 * at the very same moment one may go uncounted.
 */
final class Demand {
    private static final double WINDOW_NANOS = TimeUnit.SECONDS.toNanos(60);

    private volatile double perWindow;
    private volatile long lastNanos;

    void add(long now) {
        perWindow = remaining(now) + 1;
        lastNanos = now;
    }

    /** When it was wanted last. */
    long lastNanos() {
        return lastNanos;
    }

    /** How many are to be expected in {@code nanos} from now on. */
    double expectedWithin(long nanos, long now) {
        return remaining(now) * nanos / WINDOW_NANOS;
    }

    private double remaining(long now) {
        return perWindow * Math.exp(Math.min(0, lastNanos - now) / WINDOW_NANOS);
    }
}

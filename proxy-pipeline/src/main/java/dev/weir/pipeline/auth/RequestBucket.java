package dev.weir.pipeline.auth;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bucket of requests that holds one minute's worth and refills evenly. Any thread, without locks.
 *
 * <p>Kept as the one point in time at which the bucket would be full again, which every request moves further by its share
 * of a minute (the generic cell rate algorithm).
 */
final class RequestBucket {
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final long shareNanos;
    private final AtomicLong fullAtNanos;

    /** A full bucket; {@code nowNanos} by {@link System#nanoTime}. */
    RequestBucket(int requestsPerMinute, long nowNanos) {
        shareNanos = MINUTE_NANOS / requestsPerMinute;
        fullAtNanos = new AtomicLong(nowNanos);
    }

    /** Takes one request, or returns how many milliseconds from now there will be one; 0 when it was taken. */
    long take(long nowNanos) {
        while (true) {
            long fullAt = fullAtNanos.get();
            long owedNanos = Math.max(0, fullAt - nowNanos) + shareNanos;
            if (owedNanos > MINUTE_NANOS) {
                return TimeUnit.NANOSECONDS.toMillis(owedNanos - MINUTE_NANOS) + 1;
            }
            if (fullAtNanos.compareAndSet(fullAt, nowNanos + owedNanos)) {
                return 0;
            }
        }
    }
}

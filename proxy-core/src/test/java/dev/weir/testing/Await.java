package dev.weir.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Bounded waiting for something that another thread does. <em>Any thread</em> but an event loop: it blocks. */
public final class Await {
    private static final long MIN_POLL_NANOS = 500_000;
    private static final long MAX_POLL_NANOS = 25_000_000;

    /** The longer it took already, the less often it is looked at: it costs a twentieth of the wait at most. */
    private static final int POLLS_PER_WAIT = 20;

    private Await() {}

    /** Returns as soon as the condition holds; fails, naming {@code what}, when it does not within the timeout. */
    public static void until(Duration timeout, String what, BooleanSupplier condition) {
        long startNanos = System.nanoTime();
        long timeoutNanos = timeout.toNanos();
        while (!condition.getAsBoolean()) {
            long passedNanos = System.nanoTime() - startNanos;
            if (passedNanos >= timeoutNanos) {
                throw new AssertionError("not within " + timeout.toMillis() + " ms: " + what);
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("interrupted while waiting for: " + what);
            }
            LockSupport.parkNanos(Math.max(MIN_POLL_NANOS, Math.min(MAX_POLL_NANOS, passedNanos / POLLS_PER_WAIT)));
        }
    }

    /** As {@link #until(Duration, String, BooleanSupplier)} with twenty seconds. */
    public static void until(String what, BooleanSupplier condition) {
        until(Deadline.DEFAULT_TIMEOUT, what, condition);
    }

    /** Lets the given time pass, whatever wakes the thread; for the pauses of a slow peer only, never to await something. */
    static void pauseNanos(long nanos) {
        long endNanos = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = endNanos - System.nanoTime()) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            LockSupport.parkNanos(left);
        }
    }
}

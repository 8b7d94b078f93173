package dev.weir.core;

import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A deadline that moves often and expires seldom. Moving it away is a field write: the timer armed for an earlier deadline
 * stays, and is armed anew when it goes off too early. Monotonic; runs on one event loop.
 *
 * <p>A timer that goes off late tells that this process stood still. What it waited for may have come meanwhile and not have
 * been read: the event loop gets one more turn before anybody is blamed.
 */
public final class Timeout {
    private static final long NONE = Long.MAX_VALUE;
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final EventExecutor eventLoop;
    private final Ticker ticker;
    private final Runnable onExpired;
    private long deadlineNanos = NONE;
    private long armedNanos;
    private boolean lastTurn;
    private @Nullable ScheduledFuture<?> armed;

    /**
     * @param eventLoop where everything here happens
     * @param onExpired runs there once for each deadline that passes
     */
    public Timeout(EventExecutor eventLoop, Runnable onExpired) {
        this.eventLoop = eventLoop;
        this.ticker =
                eventLoop instanceof AbstractScheduledEventExecutor clock ? clock.ticker() : Ticker.systemTicker();
        this.onExpired = onExpired;
    }

    /** The clock of all deadlines here, in nanoseconds. */
    public long nowNanos() {
        return ticker.nanoTime();
    }

    /** Sets the deadline {@code millis} from now in the place of any other; 0 or less means never. */
    public void set(long millis) {
        set(millis, ticker.nanoTime());
    }

    /** The same for who has just looked at the clock: {@code nowNanos} is what it said. */
    public void set(long millis, long nowNanos) {
        if (millis <= 0) {
            deadlineNanos = NONE;
            return;
        }
        deadlineNanos = nowNanos + TimeUnit.MILLISECONDS.toNanos(millis);
        if (armed == null) {
            arm();
        } else if (deadlineNanos - armedNanos < 0) {
            armed.cancel(false);
            arm();
        }
    }

    /** No deadline for now. */
    public void clear() {
        deadlineNanos = NONE;
    }

    /** No deadline ever again; gives the timer back. */
    public void close() {
        deadlineNanos = NONE;
        if (armed != null) {
            armed.cancel(false);
            armed = null;
        }
    }

    private void arm() {
        armedNanos = deadlineNanos;
        armed = eventLoop.schedule(this::fire, deadlineNanos - ticker.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private void fire() {
        armed = null;
        boolean wasLastTurn = lastTurn;
        lastTurn = false;
        if (deadlineNanos == NONE) {
            return;
        }
        long now = ticker.nanoTime();
        if (deadlineNanos - now > 0) {
            arm();
        } else if (now - armedNanos > LATE_NANOS && !wasLastTurn) {
            lastTurn = true;
            armedNanos = now + TURN_NANOS;
            armed = eventLoop.schedule(this::fire, TURN_NANOS, TimeUnit.NANOSECONDS);
        } else {
            deadlineNanos = NONE;
            onExpired.run();
        }
    }
}

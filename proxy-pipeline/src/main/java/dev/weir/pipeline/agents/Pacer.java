package dev.weir.pipeline.agents;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Says when the next event may go: not before the delay behind the last one is over. Wakes its owner then. Runs on one event
 * loop, by that loop's clock.
 */
final class Pacer {
    private final EventExecutor eventLoop;
    private final long delayNanos;
    private final Runnable owner;
    private boolean begun;
    private long lastNanos;
    private @Nullable ScheduledFuture<?> timer;

    /** @param owner run when the next event may go, if one was kept waiting */
    Pacer(EventExecutor eventLoop, long delayNanos, Runnable owner) {
        this.eventLoop = eventLoop;
        this.delayNanos = delayNanos;
        this.owner = owner;
    }

    /** Whether an event may go now: it does then. Else the owner is run when it may. */
    boolean tryGo() {
        long now = eventLoop.ticker().nanoTime();
        long left = begun ? lastNanos + delayNanos - now : 0;
        if (left > 0) {
            if (timer == null) {
                timer = eventLoop.schedule(this::fire, left, TimeUnit.NANOSECONDS);
            }
            return false;
        }
        begun = true;
        lastNanos = now;
        return true;
    }

    private void fire() {
        timer = null;
        owner.run();
    }

    void stop() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}

package dev.weir.backends;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's place in the queue of one group, and how long it keeps it. Runs on the exchange's event loop, but for what
 * {@link WaitQueue} calls.
 */
final class QueuePlace implements WaitQueue.Waiter {
    private final BackendGroup group;
    private final List<Backend> tried;
    private final EventLoop eventLoop;
    private final Guest guest;
    private final long sinceNanos = System.nanoTime();
    private long ticket = WaitQueue.FULL;
    private boolean waiting;
    private @Nullable ScheduledFuture<?> deadline;

    /** Whose place it is. */
    interface Guest {
        /** Choose again, then {@link #leave} or {@link #waitOn}. */
        void slotMayBeFree();

        /** The time is up, and the place is gone. */
        void waitedTooLong();
    }

    /**
     * @param tried backends whose slots are no help; not changed while waiting
     */
    QueuePlace(BackendGroup group, List<Backend> tried, EventLoop eventLoop, Guest guest) {
        this.group = group;
        this.tried = tried;
        this.eventLoop = eventLoop;
        this.guest = guest;
    }

    /** Takes a place at the end; false if there is none. */
    boolean enter() {
        long millis = group.settings().queueMillis();
        ticket = millis > 0 ? group.queue().enter(this) : WaitQueue.FULL;
        if (ticket == WaitQueue.FULL) {
            return false;
        }
        waiting = true;
        deadline = eventLoop.schedule(this::expired, millis, TimeUnit.MILLISECONDS);
        lookAgain();
        return true;
    }

    /** Goes back to the place it was called from: the slot was gone. */
    void waitOn() {
        waiting = true;
        group.queue().reenter(ticket, this);
        lookAgain();
    }

    /** What happened between looking and waiting woke nobody. A free slot is for whoever is first. */
    private void lookAgain() {
        Backend free = group.candidate(tried);
        if (free != null) {
            group.queue().slotFreed(free);
        } else if (!group.isFit(tried)) {
            group.queue().fitnessChanged(group.targets().get(0).backend());
        }
    }

    /** Gives the place up; returns how long it was kept, in nanoseconds. */
    long leave() {
        waiting = false;
        group.queue().leave(ticket);
        if (deadline != null) {
            deadline.cancel(false);
        }
        return System.nanoTime() - sinceNanos;
    }

    @Override
    public boolean accepts(Backend backend) {
        return !tried.contains(backend);
    }

    @Override
    public void wake(Backend backend) {
        eventLoop.execute(() -> woken(backend));
    }

    private void woken(Backend backend) {
        group.queue().answered();
        if (!waiting) {
            // The slot is somebody else's turn.
            group.queue().slotFreed(backend);
            return;
        }
        waiting = false;
        guest.slotMayBeFree();
    }

    private void expired() {
        if (waiting) {
            guest.waitedTooLong();
        }
    }
}

package dev.weir.backends;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's place in the queue of one group, and how long it keeps it. Runs on the exchange's event loop, but for what
 * {@link WaitQueue} calls.
 */
final class QueuePlace implements WaitQueue.Waiter {
    private final BackendGroup group;
    private final Asker asker;
    private final EventLoop eventLoop;
    private final Guest guest;
    private final long sinceNanos = System.nanoTime();
    private long ticket = WaitQueue.FULL;
    private boolean waiting;
    private @Nullable ScheduledFuture<?> deadline;
    private @Nullable ScheduledFuture<?> patience;

    /** Whose place it is. */
    interface Guest {
        /** Choose again, then {@link #leave} or {@link #waitOn}. */
        void slotMayBeFree();

        /** There is no place any more, for the time is up or others need it. */
        void crowdedOut();
    }

    /**
     * @param asker not changed by others while waiting
     */
    QueuePlace(BackendGroup group, Asker asker, EventLoop eventLoop, Guest guest) {
        this.group = group;
        this.asker = asker;
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
        long patienceNanos = group.patienceNanos(asker);
        if (patienceNanos > 0) {
            patience = eventLoop.schedule(this::losePatience, patienceNanos, TimeUnit.NANOSECONDS);
        }
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
        Backend free = group.candidate(asker);
        if (free != null) {
            group.queue().slotFreed(free);
        } else if (!group.isFit(asker)) {
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
        if (patience != null) {
            patience.cancel(false);
        }
        return System.nanoTime() - sinceNanos;
    }

    /** Its place in the queue, from 1. */
    int position() {
        return group.queue().position(ticket);
    }

    @Override
    public String identity() {
        return asker.identity();
    }

    @Override
    public boolean accepts(Backend backend) {
        return !asker.hasTried(backend);
    }

    @Override
    public void wake(Backend backend) {
        eventLoop.execute(() -> woken(backend));
    }

    private void woken(Backend backend) {
        try {
            if (!waiting) {
                // The slot is somebody else's turn.
                group.queue().slotFreed(backend);
                return;
            }
            waiting = false;
            guest.slotMayBeFree();
        } finally {
            group.queue().answered();
        }
        if (!waiting && group.queued() > 0) {
            wakeNext();
        }
    }

    /** There may be more than one slot to be had: a model may have been loaded elsewhere. */
    private void wakeNext() {
        Backend free = group.candidate(asker);
        if (free != null) {
            group.queue().slotFreed(free);
        }
    }

    /** It has waited as long as loading the model elsewhere would have taken. */
    private void losePatience() {
        asker.losePatience();
        if (waiting && group.candidate(asker) != null) {
            waiting = false;
            group.queue().leave(ticket);
            guest.slotMayBeFree();
        }
    }

    @Override
    public void displaced() {
        eventLoop.execute(this::expired);
    }

    private void expired() {
        if (waiting) {
            losePatience();
        }
        if (waiting) {
            guest.crowdedOut();
        }
    }
}

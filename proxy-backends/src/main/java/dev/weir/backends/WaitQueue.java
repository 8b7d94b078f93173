package dev.weir.backends;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait because every fit target of their model is at its limit: first come, first served, bounded. Who is
 * woken and finds the slot gone goes back to its old place. Any thread.
 */
final class WaitQueue {
    private static final long MIN_RETRY_MILLIS = 1_000;
    private static final long MAX_RETRY_MILLIS = 60_000;

    /** What {@link #enter} answers when the queue is full. */
    static final long FULL = 0;

    private final List<Backend> backends;
    private final int max;
    private final TreeMap<Long, Waiter> waiters = new TreeMap<>();
    private final AtomicInteger called = new AtomicInteger();
    private volatile int size;
    private long lastTicket = FULL;
    private long lastServedNanos;
    private double nanosBetween;

    /** Someone who waits. */
    interface Waiter {
        /** Whether a slot on {@code backend} would help. Called on any thread, under the queue's lock. */
        boolean accepts(Backend backend);

        /**
         * A slot of {@code backend} may be free, or whether it is fit has changed: {@link #answered}, then try again. Who does
         * not want it any more hands it on with {@link #slotFreed}. Called on any thread, once for each time it entered at most.
         */
        void wake(Backend backend);
    }

    WaitQueue(List<Backend> backends, int max) {
        this.backends = backends;
        this.max = max;
    }

    /** Waits behind all others; returns the ticket of that place, or {@link #FULL}. */
    synchronized long enter(Waiter waiter) {
        if (waiters.size() >= max) {
            return FULL;
        }
        reenter(++lastTicket, waiter);
        return lastTicket;
    }

    /** Waits again in the place of {@code ticket}, after a wake-up that found the slot gone. */
    synchronized void reenter(long ticket, Waiter waiter) {
        waiters.put(ticket, waiter);
        if (waiters.size() == 1) {
            backends.forEach(backend -> backend.waiting().add(this));
        }
        size = waiters.size();
    }

    /** Waits no more. */
    synchronized void leave(long ticket) {
        if (waiters.remove(ticket) != null) {
            shrunk();
        }
    }

    /** Wakes the first whom a slot on {@code backend} helps. */
    void slotFreed(Backend backend) {
        Waiter next = pollFor(backend);
        if (next != null) {
            next.wake(backend);
        }
    }

    private synchronized @Nullable Waiter pollFor(Backend backend) {
        Iterator<Waiter> inOrder = waiters.values().iterator();
        while (inOrder.hasNext()) {
            Waiter waiter = inOrder.next();
            if (waiter.accepts(backend)) {
                inOrder.remove();
                called.incrementAndGet();
                shrunk();
                served();
                return waiter;
            }
        }
        return null;
    }

    /** Wakes all: {@code backend} came back or fell out, and nobody waits for one that is down. */
    void fitnessChanged(Backend backend) {
        List<Waiter> all;
        synchronized (this) {
            all = new ArrayList<>(waiters.values());
            called.addAndGet(all.size());
            waiters.clear();
            shrunk();
        }
        all.forEach(waiter -> waiter.wake(backend));
    }

    /** Someone who was woken has begun to look. */
    void answered() {
        called.decrementAndGet();
    }

    /** Whether whoever comes now may look for a slot: nobody waits, and nobody is about to be served. */
    boolean isEmpty() {
        return size == 0 && called.get() <= 0;
    }

    int size() {
        return size;
    }

    /** When to come back to a full queue, from the rate at which it was served lately, in milliseconds. */
    synchronized long retryAfterMillis() {
        long estimate = TimeUnit.NANOSECONDS.toMillis((long) (nanosBetween * waiters.size()));
        return Math.max(MIN_RETRY_MILLIS, Math.min(MAX_RETRY_MILLIS, estimate));
    }

    private void served() {
        long now = System.nanoTime();
        if (lastServedNanos != 0) {
            double since = now - lastServedNanos;
            nanosBetween = nanosBetween == 0 ? since : 0.9 * nanosBetween + 0.1 * since;
        }
        lastServedNanos = now;
    }

    private void shrunk() {
        size = waiters.size();
        if (size == 0) {
            backends.forEach(backend -> backend.waiting().remove(this));
        }
    }
}

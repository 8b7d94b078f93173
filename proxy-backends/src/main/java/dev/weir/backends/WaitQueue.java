package dev.weir.backends;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Requests that wait because every fit target of their model is at its limit: first come, first served, bounded. Any
 * thread.
 */
final class WaitQueue {
    private static final long MIN_RETRY_MILLIS = 1_000;
    private static final long MAX_RETRY_MILLIS = 60_000;

    private final List<Backend> backends;
    private final int max;
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    private long lastServedNanos;
    private double nanosBetween;

    /** Someone who waits. */
    interface Waiter {
        /** A slot may be free: try again. Called on any thread, at most once for each time it entered {@code from}. */
        void wake(WaitQueue from);
    }

    WaitQueue(List<Backend> backends, int max) {
        this.backends = backends;
        this.max = max;
    }

    /** Waits at the end, or at the front after a wake-up that found the slot gone; false if the queue is full. */
    synchronized boolean enter(Waiter waiter, boolean atFront) {
        if (!atFront && waiters.size() >= max) {
            return false;
        }
        if (atFront) {
            waiters.addFirst(waiter);
        } else {
            waiters.addLast(waiter);
        }
        if (waiters.size() == 1) {
            backends.forEach(backend -> backend.waiting().add(this));
        }
        return true;
    }

    /** Waits no more. */
    synchronized void leave(Waiter waiter) {
        if (waiters.remove(waiter)) {
            unregisterIfEmpty();
        }
    }

    /** One of the backends has a slot free. */
    void slotFreed() {
        Waiter next;
        synchronized (this) {
            next = waiters.pollFirst();
            unregisterIfEmpty();
            if (next != null) {
                served();
            }
        }
        if (next != null) {
            next.wake(this);
        }
    }

    synchronized int size() {
        return waiters.size();
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

    private void unregisterIfEmpty() {
        if (waiters.isEmpty()) {
            backends.forEach(backend -> backend.waiting().remove(this));
        }
    }
}

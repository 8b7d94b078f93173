package dev.weir.backends;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait because every fit target of their model is at its limit, bounded. Senders take turns; the requests of
 * one sender keep their order. Who is woken and finds the slot gone goes back to its old place. Any thread.
 *
 * <p>A sender's first request stands in the round that is being served, each further one a round later: a ticket is the
 * round, and within it the order of coming.
 */
final class WaitQueue {
    private static final long MIN_RETRY_MILLIS = 1_000;
    private static final long MAX_RETRY_MILLIS = 60_000;
    private static final int ROUND_SHIFT = 32;
    private static final long ORDER_MASK = (1L << ROUND_SHIFT) - 1;

    /** What {@link #enter} answers when the queue is full. */
    static final long FULL = 0;

    private final List<Backend> backends;
    private final int max;
    private final int priority;
    private final Predicate<Backend> wanted;
    private final TreeMap<Long, Waiter> waiters = new TreeMap<>();
    private final Map<String, Sender> senders = new HashMap<>();
    private final AtomicInteger called = new AtomicInteger();
    private volatile int size;
    private long round = 1;
    private long order;
    private long lastServedNanos;
    private volatile double nanosBetween;

    /** Someone who waits. */
    interface Waiter {
        /** Whose request it is: senders take turns. */
        default String identity() {
            return "";
        }

        /** Whether a slot on {@code backend} would help. Called on any thread, under the queue's lock. */
        boolean accepts(Backend backend);

        /**
         * A slot of {@code backend} may be free, or whether it is fit has changed: try again, then {@link #answered}. Who does
         * not want it any more hands it on with {@link #slotFreed}. Called on any thread, once for each time it entered at most.
         */
        void wake(Backend backend);

        /** Its place is needed by a sender with fewer requests here. Called on any thread; it is out already. */
        default void displaced() {}
    }

    /** The requests of one sender that wait. */
    private static final class Sender {
        private int waiting;
        private long lastRound;
    }

    WaitQueue(List<Backend> backends, int max) {
        this(backends, max, 0, backend -> true);
    }

    /**
     * @param priority who has a higher one goes first where queues compete for a backend
     * @param wanted whether those who wait here would take a free slot of a backend
     */
    WaitQueue(List<Backend> backends, int max, int priority, Predicate<Backend> wanted) {
        this.backends = backends;
        this.max = max;
        this.priority = priority;
        this.wanted = wanted;
    }

    int priority() {
        return priority;
    }

    /** Whether those who wait here would take a free slot of {@code backend}. */
    boolean wants(Backend backend) {
        return wanted.test(backend);
    }

    /** Waits in turn; returns the ticket of that place, or {@link #FULL}. */
    long enter(Waiter waiter) {
        Waiter displaced = null;
        long ticket;
        synchronized (this) {
            if (waiters.size() >= max) {
                displaced = displacedBy(waiter);
                if (displaced == null) {
                    return FULL;
                }
            }
            forgetServed();
            Sender sender = senders.computeIfAbsent(waiter.identity(), identity -> new Sender());
            sender.lastRound = Math.max(round, sender.lastRound + 1);
            ticket = sender.lastRound << ROUND_SHIFT | (++order & ORDER_MASK);
            reenter(ticket, waiter);
        }
        if (displaced != null) {
            displaced.displaced();
        }
        return ticket;
    }

    /** Takes the last request of the sender with the most out, if {@code newcomer}'s would still have fewer then. */
    private @Nullable Waiter displacedBy(Waiter newcomer) {
        Sender own = senders.get(newcomer.identity());
        int most = own == null ? 1 : own.waiting + 1;
        String from = null;
        for (Map.Entry<String, Sender> entry : senders.entrySet()) {
            if (entry.getValue().waiting > most) {
                most = entry.getValue().waiting;
                from = entry.getKey();
            }
        }
        if (from == null) {
            return null;
        }
        for (Map.Entry<Long, Waiter> last : waiters.descendingMap().entrySet()) {
            if (last.getValue().identity().equals(from)) {
                Waiter displaced = last.getValue();
                leave(last.getKey());
                return displaced;
            }
        }
        return null;
    }

    /** Waits again in the place of {@code ticket}, after a wake-up that found the slot gone. */
    synchronized void reenter(long ticket, Waiter waiter) {
        waiters.put(ticket, waiter);
        Sender sender = senders.computeIfAbsent(waiter.identity(), identity -> new Sender());
        sender.waiting++;
        sender.lastRound = Math.max(sender.lastRound, ticket >>> ROUND_SHIFT);
        if (waiters.size() == 1) {
            backends.forEach(backend -> backend.waiting().add(this));
        }
        size = waiters.size();
    }

    /** Waits no more. */
    synchronized void leave(long ticket) {
        Waiter gone = waiters.remove(ticket);
        if (gone != null) {
            Sender sender = left(gone);
            if (sender != null && sender.waiting == 0) {
                sender.lastRound = Math.min(sender.lastRound, round);
            }
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
        Iterator<Map.Entry<Long, Waiter>> inOrder = waiters.entrySet().iterator();
        while (inOrder.hasNext()) {
            Map.Entry<Long, Waiter> entry = inOrder.next();
            Waiter waiter = entry.getValue();
            if (waiter.accepts(backend)) {
                round = Math.max(round, entry.getKey() >>> ROUND_SHIFT);
                inOrder.remove();
                called.incrementAndGet();
                left(waiter);
                shrunk();
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
            all.forEach(this::left);
            shrunk();
        }
        all.forEach(waiter -> waiter.wake(backend));
    }

    /** Someone who was woken has looked. The last one lets those of lower priorities look. */
    void answered() {
        synchronized (this) {
            called.decrementAndGet();
            unregister();
        }
        if (priority > 0 && isEmpty()) {
            backends.forEach(Backend::slotFreed);
        }
    }

    /** Whether whoever comes now may look for a slot: nobody waits, and nobody is about to be served. */
    boolean isEmpty() {
        return size == 0 && called.get() <= 0;
    }

    int size() {
        return size;
    }

    /** The place of {@code ticket}, from 1. */
    synchronized int position(long ticket) {
        return waiters.headMap(ticket, false).size() + 1;
    }

    /** How long whoever is at {@code position} waits at the rate of late, in milliseconds; 0 where nobody can tell. */
    long expectedWaitMillis(int position) {
        return TimeUnit.NANOSECONDS.toMillis((long) (nanosBetween * position));
    }

    /** When to come back to a full queue, from the rate at which it was served lately, in milliseconds. */
    long retryAfterMillis() {
        return Math.max(MIN_RETRY_MILLIS, Math.min(MAX_RETRY_MILLIS, expectedWaitMillis(size)));
    }

    /** Someone got a slot. */
    synchronized void served() {
        long now = System.nanoTime();
        if (lastServedNanos != 0) {
            double since = now - lastServedNanos;
            nanosBetween = nanosBetween == 0 ? since : 0.9 * nanosBetween + 0.1 * since;
        }
        lastServedNanos = now;
    }

    private @Nullable Sender left(Waiter waiter) {
        Sender sender = senders.get(waiter.identity());
        if (sender != null) {
            sender.waiting--;
        }
        return sender;
    }

    /** Senders that were served in this round have to be remembered until the next one; those before need not. */
    private void forgetServed() {
        if (senders.size() > 2 * max) {
            senders.values().removeIf(sender -> sender.waiting == 0 && sender.lastRound < round);
        }
    }

    private void shrunk() {
        size = waiters.size();
        unregister();
    }

    private void unregister() {
        if (size == 0 && called.get() <= 0) {
            senders.clear();
            backends.forEach(backend -> backend.waiting().remove(this));
        }
    }
}

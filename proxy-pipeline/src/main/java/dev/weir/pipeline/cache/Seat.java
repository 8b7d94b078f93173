package dev.weir.pipeline.cache;

import dev.weir.core.Exchange;
import dev.weir.core.Verdict;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's place in a {@link Flight}. A follower's wait is cut into slices, each shorter than the engine lets a
 * middleware wait. Any thread; guarded by the flight's lock.
 */
final class Seat {
    /** What an exchange is to its flight. */
    enum Role {
        /** Waits for the leader. */
        FOLLOWING,
        /** Asks the backend for all. */
        LEADING,
        /** Was given, or gave, the answer. */
        ANSWERED,
        /** Asks for itself, or is gone. */
        ALONE
    }

    private final Flight flight;
    private final Exchange exchange;
    private final long sliceMillis;
    private long leftMillis;
    private Role role = Role.FOLLOWING;
    private @Nullable CompletableFuture<Verdict> wait;
    private @Nullable ScheduledFuture<?> timer;
    private @Nullable Verdict decision;

    Seat(Flight flight, Exchange exchange, Flights.Patience patience) {
        this.flight = flight;
        this.exchange = exchange;
        this.sliceMillis = patience.sliceMillis();
        this.leftMillis = patience.totalMillis();
    }

    /** For the flight, which holds its lock. */
    void role(Role next) {
        role = next;
    }

    Role role() {
        synchronized (flight) {
            return role;
        }
    }

    /** What a follower does when the flight has come to something: answers with it, or asks itself. */
    CompletionStage<Verdict> verdict() {
        synchronized (flight) {
            if (decision != null) {
                return CompletableFuture.completedFuture(decision);
            }
            return waitOn();
        }
    }

    private CompletableFuture<Verdict> waitOn() {
        CompletableFuture<Verdict> next = new CompletableFuture<>();
        wait = next;
        long slice = Math.min(sliceMillis, leftMillis);
        timer = exchange.eventLoop().schedule(this::sliceOver, slice, TimeUnit.MILLISECONDS);
        leftMillis -= slice;
        return next;
    }

    private void sliceOver() {
        CompletableFuture<Verdict> over;
        Verdict verdict;
        boolean impatient;
        synchronized (flight) {
            over = wait;
            if (over == null || role != Role.FOLLOWING) {
                return;
            }
            impatient = leftMillis <= 0;
            verdict = impatient ? Verdict.PROCEED : Verdict.await(waitOn());
            if (impatient) {
                wait = null;
            }
        }
        if (impatient) {
            flight.leave(this);
        }
        over.complete(verdict);
    }

    /** For the flight, without its lock: {@code answer}, or null to ask itself. */
    void decide(@Nullable CachedAnswer answer) {
        Verdict verdict = answer == null ? Verdict.PROCEED : Verdict.respond(answer.response());
        CompletableFuture<Verdict> waiting;
        synchronized (flight) {
            waiting = wait;
            wait = null;
            if (waiting == null) {
                decision = verdict;
            }
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
        }
        if (waiting != null) {
            waiting.complete(verdict);
        }
    }

    /** Whether it leads and others wait for its answer: its exchange then goes on without its client. */
    boolean isAwaited() {
        return flight.isAwaited(this);
    }

    /** For the flight, without its lock: nobody waits for this exchange's answer any more but its client. */
    void abandon() {
        try {
            exchange.eventLoop().execute(exchange::endIfUnwanted);
        } catch (RejectedExecutionException shutDown) {
            // It has ended with its loop.
        }
    }

    /** The leader has an answer for all. */
    void answered(CachedAnswer answer) {
        flight.answered(this, answer);
    }

    /** The leader's answer cannot be given to others: everybody asks himself. */
    void dissolve() {
        flight.dissolve(this);
    }

    /** The exchange failed, or is over: it no longer leads or waits. */
    void leave() {
        synchronized (flight) {
            wait = null;
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
        }
        flight.leave(this);
    }
}

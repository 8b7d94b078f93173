package dev.weir.pipeline.cache;

import dev.weir.core.Exchange;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One question being answered: a leader that asks a backend, and followers that wait.
 *
 * <pre>
 *   LED, nobody waits ──somebody asks the same──▶ LED, AWAITED ──last follower leaves or loses patience──▶ LED, nobody waits
 *   LED, AWAITED ──leader's client leaves while a backend works──▶ LED, AWAITED       (the call goes on)
 *   LED, AWAITED ──leader fails, or leaves before it asks a backend──▶ LED, by the next
 *   LED ──leader answered: all have it; or its answer is for itself alone: all ask──▶ OVER
 *   LED, nobody waits ──leader fails or leaves──▶ OVER
 * </pre>
 *
 * <p>The flight does not know whether its leader still has a client. The leader's exchange asks whether it is awaited when its
 * client leaves, and is told to ask again when it is awaited no longer: a call is never left to work for nobody, and who joins
 * in between is either counted by that second question, or asks anew when the leader is gone.
 *
 * <p>Any thread: its lock guards the seats too, and is never held while somebody is told.
 */
final class Flight {
    private final Flights flights;
    private final CacheKey key;
    private final Queue<Seat> followers = new ArrayDeque<>(1);
    private @Nullable Seat leader;
    private boolean over;

    Flight(Flights flights, CacheKey key) {
        this.flights = flights;
        this.key = key;
    }

    /** A seat; null if the flight is over. */
    synchronized @Nullable Seat join(Exchange exchange, Flights.Patience patience) {
        if (over) {
            return null;
        }
        Seat seat = new Seat(this, exchange, patience);
        if (leader == null) {
            leader = seat;
            seat.role(Seat.Role.LEADING);
        } else {
            followers.add(seat);
        }
        return seat;
    }

    /** Whether {@code seat} leads and others wait. */
    synchronized boolean isAwaited(Seat seat) {
        return leader == seat && !followers.isEmpty();
    }

    /** The leader has an answer. */
    void answered(Seat by, CachedAnswer answer) {
        for (Seat follower : end(by, Seat.Role.ANSWERED)) {
            follower.decide(answer);
        }
    }

    /** The leader's answer is for itself alone, and so would the next one's be. */
    void dissolve(Seat by) {
        List<Seat> alone = end(by, Seat.Role.ALONE);
        for (Seat follower : alone) {
            follower.decide(null);
        }
        if (!alone.isEmpty()) {
            by.abandon();
        }
    }

    private synchronized List<Seat> end(Seat by, Seat.Role role) {
        if (leader != by) {
            return List.of();
        }
        leader = null;
        over = true;
        flights.remove(key, this);
        by.role(role);
        List<Seat> all = List.copyOf(followers);
        followers.clear();
        all.forEach(follower -> follower.role(role));
        return all;
    }

    /** Somebody has no more part in it; if it was the leader, the next one asks. */
    void leave(Seat seat) {
        Seat next = null;
        Seat abandoned = null;
        synchronized (this) {
            seat.role(Seat.Role.ALONE);
            if (leader == seat) {
                next = nextLeader();
                abandoned = next == null ? null : seat;
            } else if (followers.remove(seat) && followers.isEmpty()) {
                abandoned = leader;
            }
        }
        if (next != null) {
            next.decide(null);
        }
        if (abandoned != null) {
            abandoned.abandon();
        }
    }

    private @Nullable Seat nextLeader() {
        leader = followers.poll();
        if (leader == null) {
            over = true;
            flights.remove(key, this);
        } else {
            leader.role(Seat.Role.LEADING);
        }
        return leader;
    }
}

package dev.weir.pipeline.cache;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One question being answered: a leader that asks a backend, and followers that wait. Ends once, with the leader's answer for
 * all, with everybody on his own, or when nobody is left. A leader that fails or leaves is followed by the next. Any thread:
 * its lock guards the seats too, and is never held while somebody is told.
 */
final class Flight {
    private final Flights flights;
    private final CacheKey key;
    private final Queue<Seat> followers = new ArrayDeque<>();
    private @Nullable Seat leader;
    private boolean over;

    Flight(Flights flights, CacheKey key) {
        this.flights = flights;
        this.key = key;
    }

    /** A seat; null if the flight is over. */
    synchronized @Nullable Seat join(EventLoop loop, Flights.Patience patience) {
        if (over) {
            return null;
        }
        Seat seat = new Seat(this, loop, patience);
        if (leader == null) {
            leader = seat;
            seat.role(Seat.Role.LEADING);
        } else {
            followers.add(seat);
        }
        return seat;
    }

    /** The leader has an answer. */
    void answered(Seat by, CachedAnswer answer) {
        for (Seat follower : end(by, Seat.Role.ANSWERED)) {
            follower.decide(answer);
        }
    }

    /** The leader's answer is for itself alone, and so would the next one's be. */
    void dissolve(Seat by) {
        for (Seat follower : end(by, Seat.Role.ALONE)) {
            follower.decide(null);
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
        Seat next = without(seat);
        if (next != null) {
            next.decide(null);
        }
    }

    private synchronized @Nullable Seat without(Seat seat) {
        seat.role(Seat.Role.ALONE);
        if (leader != seat) {
            followers.remove(seat);
            return null;
        }
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

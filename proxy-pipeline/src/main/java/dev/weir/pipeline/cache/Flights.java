package dev.weir.pipeline.cache;

import io.netty.channel.EventLoop;
import java.util.concurrent.ConcurrentHashMap;

/** The questions that are being answered now, so that those who ask the same meanwhile can wait for one answer. Any thread. */
final class Flights {
    /** How long a request waits for the answer to another one; then it asks itself. */
    static final long DEFAULT_PATIENCE_MILLIS = 30_000;

    private final ConcurrentHashMap<CacheKey, Flight> inFlight = new ConcurrentHashMap<>();
    private final long patienceMillis;

    Flights(long patienceMillis) {
        this.patienceMillis = patienceMillis;
    }

    /**
     * A seat for an exchange that asks {@code key}: it leads if nobody is asking, else it follows.
     *
     * @param loop the exchange's
     */
    Seat join(CacheKey key, EventLoop loop) {
        while (true) {
            Seat seat = inFlight.computeIfAbsent(key, asked -> new Flight(this, asked))
                    .join(loop, patienceMillis);
            if (seat != null) {
                return seat;
            }
        }
    }

    void remove(CacheKey key, Flight flight) {
        inFlight.remove(key, flight);
    }

    int size() {
        return inFlight.size();
    }
}

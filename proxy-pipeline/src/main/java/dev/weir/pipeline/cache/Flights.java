package dev.weir.pipeline.cache;

import dev.weir.core.Exchange;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The questions that are being answered now, so that those who ask the same meanwhile can wait for one answer. Any
 * thread.
 */
final class Flights {
    private final ConcurrentHashMap<CacheKey, Flight> inFlight = new ConcurrentHashMap<>();
    private final Patience patience;

    Flights(Patience patience) {
        this.patience = patience;
    }

    /**
     * A seat for {@code exchange}, which asks {@code key}: it leads if nobody is asking, else it follows.
     */
    Seat join(CacheKey key, Exchange exchange) {
        while (true) {
            Seat seat = inFlight.computeIfAbsent(key, asked -> new Flight(this, asked))
                    .join(exchange, patience);
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

    /**
     * How long requests wait for the answer to another one.
     *
     * @param totalMillis then a request asks itself
     * @param sliceMillis one wait of many; shorter than the engine lets a middleware wait
     */
    record Patience(long totalMillis, long sliceMillis) {
        static final Patience DEFAULT = new Patience(30_000, 5_000);
    }
}

package dev.weir.core;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Exchanges that go on though their clients have left, for those who end the process: no connection tells of them any more. Any
 * thread.
 */
final class Orphans {
    private final Set<ServerExchange> exchanges = new HashSet<>();

    synchronized void add(ServerExchange exchange) {
        exchanges.add(exchange);
    }

    synchronized void remove(ServerExchange exchange) {
        if (exchanges.remove(exchange) && exchanges.isEmpty()) {
            notifyAll();
        }
    }

    /** Waits until there is none; false if there still is one at {@code endNanos} of {@link System#nanoTime}. */
    synchronized boolean awaitNone(long endNanos) throws InterruptedException {
        while (!exchanges.isEmpty()) {
            long leftNanos = endNanos - System.nanoTime();
            if (leftNanos <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, leftNanos);
        }
        return true;
    }

    /** Ends them all. */
    void cut() {
        for (ServerExchange exchange : all()) {
            exchange.eventLoop().execute(exchange::endWithoutClient);
        }
    }

    private synchronized List<ServerExchange> all() {
        return List.copyOf(exchanges);
    }
}

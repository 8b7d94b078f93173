package dev.weir.core;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** How many client connections are open, in all and, when that is limited, from each address. Any thread. */
final class ConnectionCounts {
    private final AtomicInteger all = new AtomicInteger();
    private final ConcurrentHashMap<InetAddress, Integer> byAddress = new ConcurrentHashMap<>();

    /** One more; returns how many there are with it. */
    int opened() {
        return all.incrementAndGet();
    }

    void closed() {
        all.decrementAndGet();
    }

    int open() {
        return all.get();
    }

    /** One more from {@code address}; returns how many there are from there with it. */
    int opened(InetAddress address) {
        return byAddress.merge(address, 1, Integer::sum);
    }

    void closed(InetAddress address) {
        byAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Addresses that are counted now. */
    int addresses() {
        return byAddress.size();
    }
}

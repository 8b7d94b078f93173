package dev.weir.core;

import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all client connections share: the routes and settings in force, the counts, whether the process is draining.
 * Any thread.
 */
public final class Engine {
    /** Routes and settings change together, behind one volatile read. */
    record Snapshot(EngineSettings settings, Router router) {}

    /** Bodies are held in direct memory, which running streams need as well. */
    private static final long MAX_BUFFERED_BYTES = PlatformDependent.maxDirectMemory() / 2;

    private final ExchangeListener listener;
    private final ConnectionCounts connections = new ConnectionCounts();
    private final MemoryWatermarks memory = new MemoryWatermarks();
    private final Orphans orphans = new Orphans();
    private final LargeBodies largeBodies = new LargeBodies();
    private final AtomicInteger exchanges = new AtomicInteger();
    private final AtomicLong bufferedBytes = new AtomicLong();
    private volatile Snapshot snapshot;
    private volatile boolean draining;
    private volatile boolean closingIdle;

    public Engine(EngineSettings settings, Router router, ExchangeListener listener) {
        this.snapshot = new Snapshot(settings, router);
        this.listener = listener;
    }

    /** Puts new routes and settings in force for requests that begin from now on; those in flight keep what they have. */
    public void reload(EngineSettings settings, Router router) {
        snapshot = new Snapshot(settings, router);
    }

    /** Client connections open now. */
    public int connections() {
        return connections.open();
    }

    /** Exchanges in flight now. */
    public int exchanges() {
        return exchanges.get();
    }

    /** Bytes of collected request bodies held now. */
    public long bufferedBytes() {
        return bufferedBytes.get();
    }

    LargeBodies largeBodies() {
        return largeBodies;
    }

    /** Exchanges that go on without their clients. */
    Orphans orphans() {
        return orphans;
    }

    /** Whether answers say {@code Connection: close} because the process is about to end. */
    public boolean isDraining() {
        return draining;
    }

    void drain() {
        draining = true;
    }

    /** Whether a connection is closed as soon as it is idle, though its client was not told. */
    boolean isClosingIdle() {
        return closingIdle;
    }

    void closeIdle() {
        closingIdle = true;
    }

    Snapshot snapshot() {
        return snapshot;
    }

    ExchangeListener listener() {
        return listener;
    }

    /** Counts the connections. */
    ConnectionCounts connectionCounts() {
        return connections;
    }

    /** Whether memory is too short for new work. */
    public boolean isShortOfMemory() {
        return memory.areReached(System.nanoTime());
    }

    void exchangeBegan() {
        exchanges.incrementAndGet();
    }

    void exchangeEnded() {
        exchanges.decrementAndGet();
    }

    /** Takes {@code bytes} of the room for collected bodies; false if there is not enough. */
    boolean reserveBuffer(long bytes) {
        if (bufferedBytes.addAndGet(bytes) <= Math.min(snapshot.settings.maxBufferedBytes(), MAX_BUFFERED_BYTES)) {
            return true;
        }
        bufferedBytes.addAndGet(-bytes);
        return false;
    }

    void releaseBuffer(long bytes) {
        bufferedBytes.addAndGet(-bytes);
    }
}

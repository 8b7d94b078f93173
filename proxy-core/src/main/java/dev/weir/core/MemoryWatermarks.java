package dev.weir.core;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Whether memory is so short that new work should be refused for the sake of what runs: buffers in use, and what the last
 * collection left of the heap. Looked at by requests, at most every {@value #INTERVAL_MILLIS} ms. Any thread.
 */
final class MemoryWatermarks {
    private static final double DIRECT = 0.80;
    private static final double HEAP = 0.90;
    private static final long INTERVAL_MILLIS = 50;

    /** What a collection found is believed for so long: without new work there may be no other to say that it is over. */
    private static final long HEAP_BELIEVED_MILLIS = 5_000;

    private final DoubleSupplier direct;
    private final DoubleSupplier heap;
    private final LongSupplier collections;
    private volatile long lookedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(INTERVAL_MILLIS);
    private volatile boolean isShort;
    private volatile long lastCollections;
    private volatile long collectedNanos;

    MemoryWatermarks() {
        this(MemoryWatermarks::directUse, heapUse(), collections());
    }

    /**
     * @param direct the share of direct memory in use, 0 to 1
     * @param heap the share of the heap that lived through the last collection
     * @param collections how many collections there were
     */
    MemoryWatermarks(DoubleSupplier direct, DoubleSupplier heap, LongSupplier collections) {
        this.direct = direct;
        this.heap = heap;
        this.collections = collections;
    }

    /** Whether new work should be refused now. */
    boolean areReached(long nowNanos) {
        if (nowNanos - lookedNanos >= TimeUnit.MILLISECONDS.toNanos(INTERVAL_MILLIS)) {
            lookedNanos = nowNanos;
            isShort = direct.getAsDouble() >= DIRECT || heapIsShort(nowNanos);
        }
        return isShort;
    }

    private boolean heapIsShort(long nowNanos) {
        long now = collections.getAsLong();
        if (now != lastCollections) {
            lastCollections = now;
            collectedNanos = nowNanos;
        }
        return heap.getAsDouble() >= HEAP
                && nowNanos - collectedNanos < TimeUnit.MILLISECONDS.toNanos(HEAP_BELIEVED_MILLIS);
    }

    private static double directUse() {
        return (double) PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() / PlatformDependent.maxDirectMemory();
    }

    /** The pool in which what lives long ends up is the largest of the heap's, whatever the collector calls it. */
    private static DoubleSupplier heapUse() {
        List<MemoryPoolMXBean> pools = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
                .filter(pool -> pool.getName().matches(".*(Old|Tenured|ZHeap|Shenandoah).*"))
                .toList();
        return () -> {
            double most = 0;
            for (MemoryPoolMXBean pool : pools) {
                MemoryUsage usage = pool.getCollectionUsage();
                if (usage.getMax() > 0) {
                    most = Math.max(most, (double) usage.getUsed() / usage.getMax());
                }
            }
            return most;
        };
    }

    private static LongSupplier collections() {
        List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
        return () -> {
            long all = 0;
            for (GarbageCollectorMXBean collector : collectors) {
                all += collector.getCollectionCount();
            }
            return all;
        };
    }
}

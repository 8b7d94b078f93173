package dev.weir.pipeline.audit;

import dev.weir.core.Meters;
import dev.weir.core.Services;
import dev.weir.pipeline.audit.AuditDrops.Reason;
import dev.weir.pipeline.store.Database;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.internal.PlatformDependent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes records from the event loops and brings them into the database, by way of the disk when it is away. Event loops only
 * drop a record into a bounded queue; a thread of its own does the rest. Outlives reloads. Any thread.
 */
public final class AuditWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AuditWriter.class);
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(8);
    private static final long MIN_BODY_BYTES = 8L << 20;
    private static final long MAX_BODY_BYTES = 256L << 20;
    private static final long FIRST_RETENTION_SECONDS = 60;
    private static final long RETENTION_SECONDS = 3_600;

    private final Queue<AuditRecord> queue = PlatformDependent.newMpscQueue();
    private final AtomicInteger places = new AtomicInteger();
    private final ByteBudget bodyBytes;
    private final AuditDrops drops;
    private final AuditRelay relay;
    private final AuditRetention retention;
    private final Thread thread;
    private @Nullable ScheduledFuture<?> retentionRuns;
    private volatile Tally taken = Tally.ofThisProcess();
    private volatile int capacity = 1;
    private volatile long retentionMillis = Long.MAX_VALUE;
    private volatile boolean closed;
    private volatile long flushTarget;

    /** Whether a batch is full and nothing takes it: then it helps nobody to wake the writer for each record. */
    private volatile boolean stuck;

    /** The one of this process. */
    public static AuditWriter of(Services services) {
        return services.shared(AuditWriter.class, () -> {
            AuditWriter writer = new AuditWriter(services.shared(Database.class), services.meters());
            writer.retentionRuns = services.background()
                    .scheduleWithFixedDelay(
                            writer::removeOld, FIRST_RETENTION_SECONDS, RETENTION_SECONDS, TimeUnit.SECONDS);
            return writer;
        });
    }

    AuditWriter(Database database, Meters meters) {
        long share = Runtime.getRuntime().maxMemory() / 16;
        this.bodyBytes = new ByteBudget(Math.min(MAX_BODY_BYTES, Math.max(MIN_BODY_BYTES, share)));
        this.drops = new AuditDrops(meters);
        this.relay = new AuditRelay(database, drops, meters, this::wake);
        this.retention = new AuditRetention(database);
        this.thread = new FastThreadLocalThread(this::run, "weir-audit");
        thread.setDaemon(true);
        meters.gauge("weir_audit_queue", "Audit records waiting in memory.", this::waiting);
        meters.gauge("weir_audit_spill_bytes", "Audit records waiting on disk, in bytes.", relay::spillBytes);
        meters.gauge("weir_audit_body_bytes", "Bodies copied for the audit, in bytes.", bodyBytes::bytes);
    }

    /** What the configuration says; the first time, it begins to work. */
    synchronized void settings(int capacity, Path spillDirectory, long maxSpillBytes, Duration retention) {
        this.capacity = capacity;
        this.retentionMillis = retention.toMillis();
        relay.settings(spillDirectory, maxSpillBytes);
        if (thread.getState() == Thread.State.NEW) {
            taken = Tally.of(relay.writer());
            thread.start();
        }
    }

    /** How many records are lost since the start. */
    long lost() {
        return drops.total();
    }

    /** How many records wait in memory. */
    public int waiting() {
        return places.get();
    }

    /** What bodies that are copied may take together. */
    ByteBudget bodyBytes() {
        return bodyBytes;
    }

    /** Takes a place for a record to come; whoever gets one gives it to {@link #add}. */
    boolean reserve() {
        if (!takePlace()) {
            drops.refused();
            return false;
        }
        return true;
    }

    private boolean takePlace() {
        int waiting = places.incrementAndGet();
        if (waiting > capacity) {
            places.decrementAndGet();
            return false;
        }
        if (waiting == AuditBatch.MAX_ROWS || waiting == crowded(capacity)) {
            wake();
        }
        return true;
    }

    /** Before its time: a batch is full, bodies take much memory, somebody waits, or the database has answered. */
    private void wake() {
        LockSupport.unpark(thread);
    }

    /** From so many on, the writer does not wait for its time, nor for the database. */
    private static int crowded(int capacity) {
        return capacity / 2 + 1;
    }

    /** Takes {@code entry}, and counts it as lost if there is no room. */
    void add(AuditRecord entry, boolean reserved) {
        if (!reserved && !takePlace()) {
            entry.release();
            drops.add(relay.whyFull(), 1);
            return;
        }
        taken.add(1);
        queue.add(entry);
        if (bodyBytes.isShort() && !stuck) {
            wake();
        }
    }

    /**
     * Waits until everything taken so far can be read from the database, but no longer than that, and not at all while records
     * go to disk. Blocks.
     */
    public void flush(long timeoutMillis) throws InterruptedException {
        long target = taken.get();
        flushTarget = target;
        wake();
        relay.awaitStored(target, timeoutMillis);
    }

    private void run() {
        while (!closed) {
            LockSupport.parkNanos(this, relay.nanosToNext());
            tryStep(flushTarget > relay.stored());
            stuck = relay.isFull();
        }
        relay.end();
        long endNanos = System.nanoTime() + CLOSE_NANOS;
        do {
            tryStep(true);
            LockSupport.parkNanos(this, AuditRelay.POLL_NANOS);
        } while ((!queue.isEmpty() || relay.isBusy() || relay.isAsking()) && System.nanoTime() - endNanos < 0);
        int left = 0;
        for (AuditRecord next = queue.poll(); next != null; next = queue.poll()) {
            next.release();
            left++;
        }
        relay.close(left);
        drops.close();
        taken.close();
    }

    /** A defect must not end the only thread that writes. */
    private void tryStep(boolean flush) {
        try {
            step(flush);
        } catch (Throwable e) {
            LOG.error("audit records could not be moved on, trying again", e);
        }
    }

    /** Moves what can be moved now. */
    private void step(boolean flush) {
        boolean moved = false;
        boolean more = true;
        while (more) {
            while (!relay.isFull()) {
                AuditRecord next = queue.poll();
                if (next == null) {
                    break;
                }
                places.decrementAndGet();
                gather(next);
            }
            boolean gone = relay.move(flush, places.get() >= crowded(capacity));
            moved |= gone;
            more = gone && !queue.isEmpty();
        }
        if (moved) {
            relay.noteTaken(taken.get());
        }
    }

    private void gather(AuditRecord next) {
        try {
            relay.add(next.row());
        } catch (RuntimeException e) {
            LOG.error("an audit record could not be made", e);
            taken.add(-1);
            drops.add(Reason.REFUSED, 1);
        } finally {
            next.release();
        }
    }

    private void removeOld() {
        retention.removeOlderThan(retentionMillis);
        retention.bringUpToDate();
    }

    /** Brings what is in memory into the database or onto the disk, for some seconds at most. */
    @Override
    public void close() {
        closed = true;
        if (retentionRuns != null) {
            retentionRuns.cancel(true);
        }
        wake();
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(CLOSE_NANOS) + 2_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.weir.pipeline.audit;

import dev.weir.core.Meters;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the records that are lost, by reason, and says so in the log now and then. Any thread. */
final class AuditDrops {
    private static final Logger LOG = LoggerFactory.getLogger(AuditDrops.class);
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Map<Reason, Meters.Counter> counters = new EnumMap<>(Reason.class);
    private final Meters.Counter refusals;
    private final AtomicLong untold = new AtomicLong();
    private final AtomicLong total = new AtomicLong();
    private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());

    /** Why a record is lost. */
    enum Reason {
        /** The writer does not keep up. */
        QUEUE_FULL,
        /** The database is away, and the disk has taken what it may. */
        SPILL_FULL,
        /** The database is away, and the disk takes nothing. */
        SPILL_FAILED,
        /** The database does not take this one. */
        REFUSED,
        /** A process ended before it was written. */
        CRASH,
        /** The process ends, and neither database nor disk take it in time. */
        SHUTDOWN;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    AuditDrops(Meters meters) {
        Meters.Counter dropped = meters.counter("weir_audit_dropped", "Audit records lost, by reason.", "reason");
        for (Reason reason : Reason.values()) {
            counters.put(reason, dropped.labels(reason.label()));
        }
        refusals = meters.counter("weir_audit_refusals", "Requests refused because they could not be audited.");
    }

    void add(Reason reason, long records) {
        if (records == 0) {
            return;
        }
        Meters.Counter counter = counters.get(reason);
        if (counter != null) {
            counter.add((double) records);
        }
        total.addAndGet(records);
        untold.addAndGet(records);
        if (mayTell()) {
            LOG.error("{} audit records are lost, the last ones because of {}", untold.getAndSet(0), reason.label());
        }
    }

    /** The process ends: what was not said yet is said now. */
    void close() {
        long left = untold.getAndSet(0);
        if (left > 0) {
            LOG.error("{} more audit records are lost", left);
        }
    }

    /** A request is refused for want of a place. */
    void refused() {
        refusals.increment();
        if (mayTell()) {
            LOG.error("requests are refused, because they must be audited and nothing takes their records");
        }
    }

    private boolean mayTell() {
        long now = System.nanoTime();
        long next = nextNanos.get();
        return now - next >= 0 && nextNanos.compareAndSet(next, now + PAUSE_NANOS);
    }

    /** How many are lost since the start. */
    long total() {
        return total.get();
    }
}

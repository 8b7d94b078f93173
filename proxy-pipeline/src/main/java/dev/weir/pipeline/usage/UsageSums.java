package dev.weir.pipeline.usage;

import java.time.LocalDate;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Usage added up in memory until it is written. Bounded: when there are too many sums, what would be one more is added to that
 * of {@link UsageKey#overflow}. Any thread; a lock that is held for a few instructions.
 */
final class UsageSums {
    private final int maxRows;
    private final Map<UsageKey, UsageCounts> rows = new HashMap<>();

    UsageSums(int maxRows) {
        this.maxRows = maxRows;
    }

    /** Adds an exchange; returns whether it is told apart from others. */
    boolean add(UsageEntry entry) {
        LocalDate day = LocalDate.ofEpochDay(Math.floorDiv(entry.endMillis(), TimeUnit.DAYS.toMillis(1)));
        UsageKey key = new UsageKey(entry.keyId(), entry.model(), entry.backend(), day);
        synchronized (rows) {
            UsageCounts counts = rows.get(key);
            boolean fits = counts != null || rows.size() < maxRows;
            if (counts == null) {
                counts = rows.computeIfAbsent(fits ? key : UsageKey.overflow(day), absent -> new UsageCounts());
            }
            counts.add(entry);
            return fits;
        }
    }

    /** Takes some sums out, at most {@code max}: nothing is added to them any more. */
    Map<UsageKey, UsageCounts> take(int max) {
        Map<UsageKey, UsageCounts> taken = new HashMap<>();
        synchronized (rows) {
            Iterator<Map.Entry<UsageKey, UsageCounts>> all = rows.entrySet().iterator();
            while (all.hasNext() && taken.size() < max) {
                Map.Entry<UsageKey, UsageCounts> row = all.next();
                taken.put(row.getKey(), row.getValue());
                all.remove();
            }
        }
        return taken;
    }

    int size() {
        synchronized (rows) {
            return rows.size();
        }
    }

    /** The requests in all sums. */
    long requests() {
        synchronized (rows) {
            return rows.values().stream().mapToLong(UsageCounts::requests).sum();
        }
    }
}

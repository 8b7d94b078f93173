package dev.weir.pipeline.usage;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one transaction adds to the tables. Immutable from here on: it may be tried again as often as it takes, and counts
 * once.
 *
 * @param sequence the number of this batch among those of one process
 */
record UsageBatch(long sequence, SortedMap<UsageKey, UsageCounts> rows) {
    /** In an order that is the same everywhere: no two instances wait for each other. */
    static UsageBatch of(long sequence, Map<UsageKey, UsageCounts> rows) {
        return new UsageBatch(sequence, new TreeMap<>(rows));
    }

    long requests() {
        return rows.values().stream().mapToLong(UsageCounts::requests).sum();
    }
}

package dev.weir.pipeline.usage;

import java.time.LocalDate;
import java.util.Set;

/**
 * What to report.
 *
 * @param groupBy what to tell apart; nothing gives one line with the sums
 * @param from the first day, in UTC
 * @param to the last day, in UTC
 */
public record UsageQuery(Set<Group> groupBy, LocalDate from, LocalDate to) {
    /** What usage can be told apart by, in the order of a report's columns. */
    public enum Group {
        DAY("day"),
        KEY("key_id"),
        MODEL("model"),
        BACKEND("backend");

        private final String column;

        Group(String column) {
            this.column = column;
        }

        String column() {
            return column;
        }
    }

    public UsageQuery {
        groupBy = Set.copyOf(groupBy);
        if (from.isAfter(to)) {
            throw new IllegalArgumentException("from: " + from + " (expected: not after to, " + to + ")");
        }
    }
}

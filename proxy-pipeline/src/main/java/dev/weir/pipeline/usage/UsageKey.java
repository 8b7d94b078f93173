package dev.weir.pipeline.usage;

import java.time.LocalDate;
import java.util.Comparator;

/**
 * What usage is added up by.
 *
 * @param keyId who asked, or empty for a request whose sender is not known
 * @param model the configured name that served; empty if none did
 * @param backend who served; empty if nobody did
 * @param day in UTC
 */
record UsageKey(String keyId, String model, String backend, LocalDate day) implements Comparable<UsageKey> {
    private static final Comparator<UsageKey> ORDER = Comparator.comparing(UsageKey::day)
            .thenComparing(UsageKey::keyId)
            .thenComparing(UsageKey::model)
            .thenComparing(UsageKey::backend);

    /** Where usage is added that has no place of its own any more. */
    static UsageKey overflow(LocalDate day) {
        return new UsageKey("(others)", "(others)", "", day);
    }

    @Override
    public int compareTo(UsageKey other) {
        return ORDER.compare(this, other);
    }
}

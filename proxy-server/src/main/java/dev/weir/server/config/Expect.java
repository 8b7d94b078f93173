package dev.weir.server.config;

import java.time.Duration;

/** Checks of the records' constructors; the messages begin with the key, by which the problem finds its line. */
final class Expect {
    private Expect() {}

    static void atLeast(String key, long value, long least) {
        that(value >= least, key, value, ">= " + least);
    }

    static void between(String key, long value, long least, long most) {
        that(value >= least && value <= most, key, value, least + " to " + most);
    }

    static void positive(String key, Duration value) {
        that(!value.isZero() && !value.isNegative(), key, Durations.format(value), "> 0s");
    }

    static void notBlank(String key, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(key + ": is empty");
        }
    }

    private static void that(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(key + ": " + value + " (expected: " + expected + ")");
        }
    }
}

package dev.weir.pipeline.limit;

/**
 * The arithmetic of a bucket that holds a burst and refills evenly, in integers without a rest. What was taken out and has not
 * come back is its debt, in units of which a request or a token is {@link #UNIT}; the rate for a minute is then also the units
 * that come back in a microsecond. Everything fits into the 53 bits that Lua has, whose scripts do the same.
 */
final class Level {
    static final long UNIT = 60_000_000;

    /** With a burst of a minute the greatest debt is below 2^53. */
    static final long MAX_RATE = 100_000_000;

    private Level() {}

    /** A limit as it is kept: one that is too large to count is as good as the largest. */
    static long rate(long perMinute) {
        return Math.min(perMinute, MAX_RATE);
    }

    /** What a full bucket holds, at least one. */
    static long capacity(long rate, long burstMicros) {
        return Math.max(rate * burstMicros, UNIT);
    }

    /** What {@code debt} has become after {@code micros}. */
    static long drained(long debt, long rate, long micros) {
        if (debt <= 0 || rate <= 0 || micros <= 0) {
            return Math.max(0, debt);
        }
        return micros > debt / rate ? 0 : debt - rate * micros;
    }

    /** How much of {@code amount} can be reserved at all: more than a full bucket holds never fits. */
    static long reservable(long amount, long rate, long burstMicros) {
        return Math.min(amount, capacity(rate, burstMicros) / UNIT);
    }

    /** The microseconds until {@code cost} fits; 0 when it does. */
    static long waitMicros(long debt, long cost, long rate, long burstMicros) {
        long excess = debt + cost - capacity(rate, burstMicros);
        return excess <= 0 ? 0 : (excess + rate - 1) / rate;
    }

    /** How many more there are now. */
    static long remaining(long debt, long rate, long burstMicros) {
        return Math.max(0, capacity(rate, burstMicros) - debt) / UNIT;
    }

    /** The microseconds until the bucket is full again. */
    static long resetMicros(long debt, long rate) {
        return (debt + rate - 1) / rate;
    }
}

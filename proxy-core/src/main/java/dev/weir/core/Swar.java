package dev.weir.core;

/**
 * Looks at eight octets at a time, as one number (SIMD within a register). What is found is marked by the highest bit of its
 * octet. The lowest mark is always right; above it, where a borrow went, there may be marks too many.
 */
public final class Swar {
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;

    private Swar() {}

    /** Marks {@code sign}, one of ASCII. */
    public static long equal(long octets, char sign) {
        long zeros = octets ^ sign * ONES;
        return (zeros - ONES) & ~zeros & HIGHS;
    }

    /** As {@link #equal}, also with bits of {@code mask} unset: for a sign that has them set. */
    public static long equalWith(long octets, int mask, char sign) {
        return equal(octets | mask * ONES, sign);
    }

    /** Marks ASCII below {@code sign}, itself one of ASCII. */
    public static long below(long octets, char sign) {
        return (octets - sign * ONES) & ~octets & HIGHS;
    }

    /** Marks what is not ASCII, and nothing else. */
    public static long beyondAscii(long octets) {
        return octets & HIGHS;
    }

    /** Which octet is marked first, from 0, of octets that were read little-endian; 8 if none is. */
    public static int first(long marks) {
        return Long.numberOfTrailingZeros(marks) / Byte.SIZE;
    }
}

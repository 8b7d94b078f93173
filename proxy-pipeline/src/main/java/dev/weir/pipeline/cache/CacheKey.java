package dev.weir.pipeline.cache;

/** A SHA-256 hash, as four numbers so that it compares and hashes without memory of its own. */
record CacheKey(long a, long b, long c, long d) {
    @Override
    public int hashCode() {
        // The bits are evenly spread already.
        return (int) a;
    }

    /** 64 hexadecimal digits. */
    String hex() {
        return hex(a) + hex(b) + hex(c) + hex(d);
    }

    private static String hex(long bits) {
        String digits = Long.toHexString(bits);
        return "0".repeat(16 - digits.length()) + digits;
    }
}

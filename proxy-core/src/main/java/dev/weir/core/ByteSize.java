package dev.weir.core;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes as configurations write it: {@code 4096}, {@code 32KiB}, {@code 100MB}. */
public record ByteSize(long bytes) {
    private static final Pattern TEXT =
            Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([KMG]i?B|B)?", Pattern.CASE_INSENSITIVE);
    private static final String EXPECTED = "expected a size such as 4096, 32KiB, 100MB or 1GiB";

    public ByteSize {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
        }
    }

    /** Reads a number of bytes with an optional unit: KiB, MiB, GiB (1024) or KB, MB, GB (1000). */
    public static ByteSize parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String unit = matcher.group(2) == null ? "B" : matcher.group(2);
        try {
            return new ByteSize(new BigDecimal(matcher.group(1))
                    .multiply(BigDecimal.valueOf(bytesPer(unit)))
                    .longValueExact());
        } catch (ArithmeticException notAWholeLong) {
            throw new IllegalArgumentException(EXPECTED, notAWholeLong);
        }
    }

    private static long bytesPer(String unit) {
        return switch (unit.toLowerCase(Locale.ROOT)) {
            case "kib" -> 1L << 10;
            case "mib" -> 1L << 20;
            case "gib" -> 1L << 30;
            case "kb" -> 1_000;
            case "mb" -> 1_000_000;
            case "gb" -> 1_000_000_000;
            default -> 1;
        };
    }

    /** The text that {@link #parse} reads back, in the largest unit that divides it. */
    @Override
    public String toString() {
        for (String unit : new String[] {"GiB", "GB", "MiB", "MB", "KiB", "KB"}) {
            long unitBytes = bytesPer(unit);
            if (bytes >= unitBytes && bytes % unitBytes == 0) {
                return bytes / unitBytes + unit;
            }
        }
        return Long.toString(bytes);
    }
}

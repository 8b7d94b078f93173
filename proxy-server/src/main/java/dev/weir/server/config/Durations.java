package dev.weir.server.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as configurations write them: {@code 250ms}, {@code 30s}, {@code 5m}, {@code 1h}, {@code 90d}, or seconds. */
public final class Durations {
    static final String EXPECTED = "expected a duration such as 250ms, 30s, 5m, 1h, 90d or a number of seconds";

    static final String PATTERN = "(\\d{1,15}(?:\\.\\d{1,9})?)\\s*(ms|s|m|h|d)?";

    private static final Pattern TEXT = Pattern.compile(PATTERN);

    private Durations() {}

    /** Reads a duration; a text that is none is refused with {@link IllegalArgumentException}. */
    public static Duration parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String unit = matcher.group(2) == null ? "s" : matcher.group(2);
        try {
            return Duration.ofNanos(new BigDecimal(matcher.group(1))
                    .multiply(BigDecimal.valueOf(unit(unit).toNanos()))
                    .longValueExact());
        } catch (ArithmeticException tooLongOrTooFine) {
            throw new IllegalArgumentException(EXPECTED, tooLongOrTooFine);
        }
    }

    /** The text that {@link #parse} reads back, in the largest unit that divides it. */
    static String format(Duration duration) {
        for (String unit : new String[] {"d", "h", "m", "s", "ms"}) {
            long nanos = unit(unit).toNanos();
            if (!duration.isZero() && duration.toNanos() % nanos == 0) {
                return duration.toNanos() / nanos + unit;
            }
        }
        return BigDecimal.valueOf(duration.toNanos(), 9).stripTrailingZeros().toPlainString() + "s";
    }

    private static Duration unit(String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(1);
            case "m" -> Duration.ofMinutes(1);
            case "h" -> Duration.ofHours(1);
            case "d" -> Duration.ofDays(1);
            default -> Duration.ofSeconds(1);
        };
    }
}

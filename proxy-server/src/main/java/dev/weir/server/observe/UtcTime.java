package dev.weir.server.observe;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * Writes moments as {@code 2026-11-21T10:00:00.123Z} (RFC 3339). Each second is formatted once: lines of a log come many to the
 * second. Confined to one thread.
 */
final class UtcTime {
    /** Up to and without the fraction. */
    private static final int SECOND_CHARS = "2026-11-21T10:00:00".length();

    private long second = Long.MIN_VALUE;
    private String text = "";

    /** @param epochMillis not before the year 0 and not behind 9999 */
    void append(StringBuilder to, long epochMillis) {
        long seconds = Math.floorDiv(epochMillis, TimeUnit.SECONDS.toMillis(1));
        if (seconds != second) {
            second = seconds;
            text = Instant.ofEpochSecond(seconds).toString().substring(0, SECOND_CHARS);
        }
        long millis = Math.floorMod(epochMillis, TimeUnit.SECONDS.toMillis(1));
        to.append(text).append('.');
        if (millis < 100) {
            to.append('0');
        }
        if (millis < 10) {
            to.append('0');
        }
        to.append(millis).append('Z');
    }
}

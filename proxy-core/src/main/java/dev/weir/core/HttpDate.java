package dev.weir.core;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The Date field's value, made once a second (RFC 9110 section 6.6.1). Any thread. */
final class HttpDate {
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private record Second(long epochSecond, String text) {}

    private static volatile Second latest = new Second(0, "");

    private HttpDate() {}

    static String now() {
        long epochSecond = Math.floorDiv(System.currentTimeMillis(), 1000L);
        Second second = latest;
        if (second.epochSecond != epochSecond) {
            second = new Second(epochSecond, IMF_FIXDATE.format(Instant.ofEpochSecond(epochSecond)));
            latest = second;
        }
        return second.text;
    }
}

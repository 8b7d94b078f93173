package dev.weir.server.sim;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The {@code Date} field of RFC 9110 section 5.6.7, formatted once a second. *Any thread.* */
final class HttpDate {
    private record Formatted(long second, String text) {}

    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static volatile Formatted last = new Formatted(-1, "");

    private HttpDate() {}

    static String at(Instant now) {
        Formatted known = last;
        if (known.second != now.getEpochSecond()) {
            known = new Formatted(now.getEpochSecond(), FORMAT.format(now));
            last = known;
        }
        return known.text;
    }
}

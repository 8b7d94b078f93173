package dev.weir.core;

import io.netty.handler.codec.DateFormatter;
import java.util.Date;
import java.util.concurrent.TimeUnit;

/** The Date field's value, made once a second (RFC 9110 section 6.6.1). Any thread. */
final class HttpDate {
    private record Second(long epochSecond, String text) {}

    private static volatile Second latest = new Second(0, "");

    private HttpDate() {}

    static String now() {
        long epochSecond = TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis());
        Second second = latest;
        if (second.epochSecond != epochSecond) {
            second = new Second(epochSecond, DateFormatter.format(new Date(TimeUnit.SECONDS.toMillis(epochSecond))));
            latest = second;
        }
        return second.text;
    }
}

package dev.weir.pipeline.limit;

import dev.weir.core.Headers;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** OpenAI's {@code x-ratelimit-*}: limits and what remains as numbers, resets as durations such as {@code 6m0s}. Any thread. */
final class LimitHeaders {
    private static final int SMALL = 10_000;
    private static final int MICROS = 1_000;

    /** The numbers that stand in most answers, each made when it is needed first. */
    private static final AtomicReferenceArray<String> NUMBERS = new AtomicReferenceArray<>(SMALL);

    private static final AtomicReferenceArray<String> MILLIS = new AtomicReferenceArray<>(1_000);

    private LimitHeaders() {}

    /** Says in {@code headers} how the buckets stand; replaces what a backend said of its own. */
    static void write(Headers headers, Standing standing) {
        if (standing.requestLimit() > 0) {
            headers.set("x-ratelimit-limit-requests", number(standing.requestLimit()));
            headers.set("x-ratelimit-remaining-requests", number(standing.requestsRemaining()));
            headers.set("x-ratelimit-reset-requests", duration(standing.requestResetMicros()));
        }
        if (standing.tokenLimit() > 0) {
            headers.set("x-ratelimit-limit-tokens", number(standing.tokenLimit()));
            headers.set("x-ratelimit-remaining-tokens", number(standing.tokensRemaining()));
            headers.set("x-ratelimit-reset-tokens", duration(standing.tokenResetMicros()));
        }
    }

    private static String number(long value) {
        if (value >= SMALL) {
            return Long.toString(value);
        }
        String known = NUMBERS.getPlain((int) value);
        if (known == null) {
            known = Long.toString(value);
            NUMBERS.set((int) value, known);
        }
        return known;
    }

    /** As Go writes it, in whole milliseconds rounded up: {@code 12ms}, {@code 1.5s}, {@code 6m0s}, {@code 1h0m0s}. */
    static String duration(long micros) {
        long millis = (micros + MICROS - 1) / MICROS;
        if (millis < 1_000) {
            String known = MILLIS.getPlain((int) millis);
            if (known == null) {
                known = millis + "ms";
                MILLIS.set((int) millis, known);
            }
            return known;
        }
        long seconds = millis / 1_000;
        StringBuilder text = new StringBuilder(12);
        if (seconds >= 3_600) {
            text.append(seconds / 3_600).append('h');
        }
        if (seconds >= 60) {
            text.append(seconds / 60 % 60).append('m');
        }
        text.append(seconds % 60);
        long rest = millis % 1_000;
        if (rest > 0) {
            text.append('.').append(rest / 100);
            if (rest % 100 > 0) {
                text.append(rest / 10 % 10);
            }
            if (rest % 10 > 0) {
                text.append(rest % 10);
            }
        }
        return text.append('s').toString();
    }
}

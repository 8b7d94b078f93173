package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RequestBucketTest {
    /** Near the point where nanoTime wraps around. */
    private static final long START = Long.MAX_VALUE - 5;

    @Test
    void holdsOneMinutesWorth() {
        RequestBucket bucket = new RequestBucket(7, START);
        for (int i = 0; i < 7; i++) {
            assertThat(bucket.take(START)).isZero();
        }
        assertThat(bucket.take(START)).isPositive();
    }

    @Test
    void tellsWhenTheNextRequestFits() {
        RequestBucket bucket = new RequestBucket(60, START);
        for (int i = 0; i < 60; i++) {
            bucket.take(START);
        }
        long waitMillis = bucket.take(START);
        assertThat(waitMillis).isBetween(1_000L, 1_001L);
        assertThat(bucket.take(START + TimeUnit.MILLISECONDS.toNanos(waitMillis)))
                .isZero();
    }

    @Test
    void refillsEvenlyAndNotBeyondItsSize() {
        RequestBucket bucket = new RequestBucket(2, START);
        long later = START + TimeUnit.HOURS.toNanos(1);
        assertThat(bucket.take(later)).isZero();
        assertThat(bucket.take(later)).isZero();
        assertThat(bucket.take(later)).isPositive();
        assertThat(bucket.take(later + TimeUnit.SECONDS.toNanos(30))).isZero();
        assertThat(bucket.take(later + TimeUnit.SECONDS.toNanos(30))).isPositive();
    }

    @Test
    void givesExactlyItsContentToManyThreads() {
        RequestBucket bucket = new RequestBucket(500, START);
        long taken = IntStream.range(0, 2_000)
                .parallel()
                .filter(i -> bucket.take(START) == 0)
                .count();
        assertThat(taken).isEqualTo(500);
    }
}

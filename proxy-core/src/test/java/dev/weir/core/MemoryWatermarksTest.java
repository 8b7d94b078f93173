package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MemoryWatermarksTest {
    private double direct;
    private double heap;
    private long collections = 1;
    private long now = System.nanoTime();
    private final MemoryWatermarks memory = new MemoryWatermarks(() -> direct, () -> heap, () -> collections);

    private boolean afterMillis(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
        return memory.areReached(now);
    }

    @Test
    void thereIsRoomWhileLittleIsUsed() {
        direct = 0.79;
        heap = 0.89;
        assertThat(afterMillis(100)).isFalse();
    }

    @Test
    void buffersInUseBeyondTheMarkAreSeenAndSeenToBeGone() {
        direct = 0.8;
        assertThat(afterMillis(100)).isTrue();
        direct = 0.7;
        assertThat(afterMillis(100)).isFalse();
    }

    @Test
    void itLooksOnlyNowAndThen() {
        assertThat(afterMillis(100)).isFalse();
        direct = 1;
        assertThat(afterMillis(10)).isFalse();
        assertThat(afterMillis(50)).isTrue();
    }

    @Test
    void aHeapThatStaysFullAfterACollectionIsShort() {
        heap = 0.95;
        assertThat(afterMillis(100)).isTrue();
        collections++;
        assertThat(afterMillis(4_000)).isTrue();
    }

    @Test
    void whatACollectionFoundLongAgoIsTriedAgain() {
        heap = 0.95;
        assertThat(afterMillis(100)).isTrue();
        assertThat(afterMillis(6_000)).isFalse();
        collections++;
        assertThat(afterMillis(100)).isTrue();
    }

    @Test
    void theRealOneHasRoomHere() {
        assertThat(new MemoryWatermarks().areReached(System.nanoTime())).isFalse();
    }
}

package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Connections in which client, chain, endpoint, filters and clock do what a seed says, in any order. Whatever happens: every
 * exchange ends once, everything taken is given back, and no byte of one answer is in another.
 *
 * <p>{@code -Dweir.random.seeds=N} runs more of them; {@code -Dweir.random.first=S} begins with the one that failed.
 */
class RandomExchangeTest {
    private static final long FIRST = Long.getLong("weir.random.first", 1);
    private static final long SEEDS = Long.getLong("weir.random.seeds", 5_000);

    @Test
    @AllowsErrors("filters throw, as their seed says")
    void whateverHappensNothingIsLostMixedUpOrLeftBehind() {
        AtomicInteger orphaned = new AtomicInteger();
        long steps = LongStream.range(FIRST, FIRST + SEEDS)
                .map(seed -> {
                    try {
                        RandomConnection connection = new RandomConnection(seed);
                        long taken = connection.run();
                        orphaned.addAndGet(connection.wasOrphaned() ? 1 : 0);
                        return taken;
                    } catch (AssertionError | RuntimeException e) {
                        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
                    }
                })
                .sum();
        assertThat(steps).as("steps").isGreaterThan(SEEDS * 10);
        assertThat(orphaned.get()).as("exchanges that went on without a client").isGreaterThanOrEqualTo((int)
                (SEEDS / 1_000));
    }
}

package dev.weir.pipeline.usage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDate;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class UsageSumsTest {
    private static final LocalDate DAY = LocalDate.parse("2026-11-21");

    @Test
    void whatBelongsTogetherIsAddedUp() {
        UsageSums sums = new UsageSums(10);
        sums.add(Entries.served("k", "m", "a", 5));
        sums.add(Entries.served("k", "m", "a", 7));
        sums.add(Entries.served("k", "m", "b", 1));

        Map<UsageKey, UsageCounts> taken = sums.take(10);

        assertThat(taken.keySet())
                .containsExactlyInAnyOrder(new UsageKey("k", "m", "a", DAY), new UsageKey("k", "m", "b", DAY));
        UsageCounts counts = Objects.requireNonNull(taken.get(new UsageKey("k", "m", "a", DAY)));
        assertThat(counts.requests()).isEqualTo(2);
        assertThat(counts.promptTokens()).isEqualTo(12);
        assertThat(counts.completionTokens()).isEqualTo(24);
        assertThat(counts.totalMillis()).isEqualTo(60);
        assertThat(sums.size()).isZero();
    }

    @Test
    void whatIsTooMuchIsMergedNotLost() {
        UsageSums sums = new UsageSums(3);
        for (int i = 0; i < 10; i++) {
            boolean apart = sums.add(Entries.served("k" + i, "m", "a", 1));
            assertThat(apart).isEqualTo(i < 3);
        }
        assertThat(sums.add(Entries.served("k0", "m", "a", 1))).isTrue();

        Map<UsageKey, UsageCounts> taken = sums.take(100);

        assertThat(taken).hasSize(4);
        assertThat(Objects.requireNonNull(taken.get(UsageKey.overflow(DAY))).requests())
                .isEqualTo(7);
        assertThat(taken.values().stream().mapToLong(UsageCounts::requests).sum())
                .isEqualTo(11);
    }

    @Test
    void noMoreIsTakenThanAskedFor() {
        UsageSums sums = new UsageSums(100);
        for (int i = 0; i < 10; i++) {
            sums.add(Entries.served("k" + i, "m", "a", 1));
        }

        assertThat(sums.take(4)).hasSize(4);
        assertThat(sums.requests()).isEqualTo(6);
        assertThat(sums.take(100)).hasSize(6);
    }
}

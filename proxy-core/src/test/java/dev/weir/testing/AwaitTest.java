package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** {@link Await}. */
final class AwaitTest {
    @Test
    void returnsOnceTheConditionHolds() {
        AtomicInteger calls = new AtomicInteger();
        Await.until(Duration.ofSeconds(5), "three calls", () -> calls.incrementAndGet() == 3);
        assertThat(calls).hasValue(3);
    }

    @Test
    void failureSaysWhatWasAwaited() {
        assertThatThrownBy(() -> Await.until(Duration.ofMillis(20), "the moon rises", () -> false))
                .isInstanceOf(AssertionError.class)
                .hasMessage("not within 20 ms: the moon rises");
    }
}

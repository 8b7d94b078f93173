package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private long now = 1;

    private final RetryBudget budget = new RetryBudget(20, 10, () -> now);

    private int retriesGranted(int wanted) {
        int granted = 0;
        for (int i = 0; i < wanted; i++) {
            if (budget.tryRetry()) {
                granted++;
            }
        }
        return granted;
    }

    @Test
    void aFewRetriesAreAlwaysAllowed() {
        assertThat(retriesGranted(100)).isEqualTo(10);
    }

    @Test
    void retriesAreAShareOfTheRequests() {
        for (int i = 0; i < 1_000; i++) {
            budget.request();
        }

        assertThat(retriesGranted(1_000)).isEqualTo(200);
    }

    @Test
    void theBudgetIsRenewedAsTimePasses() {
        retriesGranted(10);
        now += TimeUnit.SECONDS.toNanos(10);
        assertThat(retriesGranted(1)).isZero();

        now += TimeUnit.SECONDS.toNanos(10);

        assertThat(retriesGranted(100)).isEqualTo(10);
    }
}

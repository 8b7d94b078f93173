package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AvailabilityTest {
    private long now = 1;

    private final Availability availability = new Availability(
            new BackendSpec.Eject(3, 1_000, 8_000), new BackendSpec.Health(5_000, 1_000, 3, 2), () -> now);

    private void passMillis(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            availability.failed(false);
        }
    }

    @Test
    void failuresInARowEject() {
        availability.failed(false);
        availability.failed(false);
        assertThat(availability.isUp()).isTrue();

        assertThat(availability.failed(false)).isTrue();

        assertThat(availability.isEjected()).isTrue();
        assertThat(availability.retryAfterMillis()).isEqualTo(1_000);
    }

    @Test
    void aSuccessBetweenFailuresStartsTheCountAnew() {
        fail(2);
        availability.succeeded();
        fail(2);

        assertThat(availability.isUp()).isTrue();
    }

    @Test
    void anEjectedBackendIsTriedOnceItsTimeIsUp() {
        fail(3);
        assertThat(availability.isTrialDue()).isFalse();

        passMillis(1_000);

        assertThat(availability.isTrialDue()).isTrue();
        assertThat(availability.claimTrial()).isTrue();
        assertThat(availability.claimTrial()).isFalse();
        assertThat(availability.isTrialDue()).isFalse();
    }

    @Test
    void aFailedTrialEjectsForTwiceAsLongUpToTheMaximum() {
        fail(3);
        long[] expected = {2_000, 4_000, 8_000, 8_000};
        for (long millis : expected) {
            passMillis(availability.retryAfterMillis());
            availability.claimTrial();
            availability.failed(true);

            assertThat(availability.retryAfterMillis()).isEqualTo(millis);
        }
    }

    @Test
    void aSuccessfulTrialBringsTheBackendBackSlowly() {
        fail(3);
        passMillis(1_000);
        availability.claimTrial();

        availability.succeeded();

        assertThat(availability.isUp()).isTrue();
        assertThat(availability.share()).isEqualTo(100);
        passMillis(5_000);
        assertThat(availability.share()).isEqualTo(500);
        passMillis(5_000);
        assertThat(availability.share()).isEqualTo(Availability.FULL);
    }

    @Test
    void aTrialWhoseClientLeftMayBeRepeated() {
        fail(3);
        passMillis(1_000);
        availability.claimTrial();

        availability.trialUndecided();

        assertThat(availability.isTrialDue()).isTrue();
    }

    @Test
    void aRelapseIsEjectedLongerAndALongGoodServiceForgiven() {
        fail(3);
        passMillis(1_000);
        availability.claimTrial();
        availability.succeeded();
        fail(3);
        assertThat(availability.retryAfterMillis()).isEqualTo(2_000);

        passMillis(2_000);
        availability.claimTrial();
        availability.succeeded();
        passMillis(60_000);
        fail(3);

        assertThat(availability.retryAfterMillis()).isEqualTo(1_000);
    }

    @Test
    void failingChecksTakeABackendOutAndPassingOnesBringItBack() {
        assertThat(availability.checked(false)).isFalse();
        assertThat(availability.checked(false)).isFalse();
        assertThat(availability.checked(false)).isTrue();
        assertThat(availability.isDown()).isTrue();

        assertThat(availability.checked(true)).isFalse();
        assertThat(availability.checked(true)).isTrue();

        assertThat(availability.isUp()).isTrue();
        assertThat(availability.share()).isEqualTo(100);
    }

    @Test
    void anAnsweredRequestOverrulesFailingChecks() {
        for (int i = 0; i < 3; i++) {
            availability.checked(false);
        }

        availability.succeeded();

        assertThat(availability.isUp()).isTrue();
    }

    @Test
    void aPassingCheckDoesNotOverruleFailingRequests() {
        fail(3);

        availability.checked(true);
        availability.checked(true);

        assertThat(availability.isEjected()).isTrue();
    }
}

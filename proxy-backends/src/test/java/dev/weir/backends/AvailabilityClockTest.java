package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AvailabilityClockTest {
    private static final long BASE = 5_000;
    private static final long MAX = 60_000;

    /** Begins near the overflow of the clock, which has no origin. */
    private long nowNanos = Long.MAX_VALUE - 1_000_000;

    private final Availability availability = new Availability(
            new BackendSpec.Eject(3, BASE, MAX), new BackendSpec.Health(1_000, 500, 3, 2), () -> nowNanos);

    private void pass(long millis) {
        nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void eject() {
        for (int i = 0; i < 3; i++) {
            availability.failed(false);
        }
        assertThat(availability.isEjected()).isTrue();
    }

    private void trialFails() {
        assertThat(availability.isTrialDue()).isTrue();
        assertThat(availability.claimTrial()).isTrue();
        assertThat(availability.failed(true)).isFalse();
    }

    private void checks(boolean... results) {
        for (boolean result : results) {
            availability.checked(result);
        }
    }

    @Test
    void isUpBeforeAnythingIsKnown() {
        assertThat(availability.isUp()).isTrue();
        assertThat(availability.share()).isEqualTo(Availability.FULL);
    }

    @Test
    void failuresInARowEject() {
        assertThat(availability.failed(false)).isFalse();
        assertThat(availability.failed(false)).isFalse();
        assertThat(availability.failed(false)).isTrue();
        assertThat(availability.isUp()).isFalse();
        assertThat(availability.retryAfterMillis()).isEqualTo(BASE);
    }

    @Test
    void aSuccessInBetweenStartsTheCountAnew() {
        availability.failed(false);
        availability.failed(false);
        availability.succeeded();
        availability.failed(false);
        availability.failed(false);

        assertThat(availability.isUp()).isTrue();
    }

    @Test
    void failuresOfRequestsFromBeforeTheEjectionDoNotProlongIt() {
        eject();
        pass(1_000);
        for (int i = 0; i < 10; i++) {
            assertThat(availability.failed(false)).isFalse();
        }

        assertThat(availability.retryAfterMillis()).isEqualTo(BASE - 1_000);
    }

    @Test
    void oneTrialIsDueWhenTheTimeIsUp() {
        eject();
        pass(BASE - 1);
        assertThat(availability.isTrialDue()).isFalse();
        pass(1);
        assertThat(availability.isTrialDue()).isTrue();

        assertThat(availability.claimTrial()).isTrue();

        assertThat(availability.isTrialDue()).isFalse();
        assertThat(availability.claimTrial()).isFalse();
    }

    @Test
    void aTrialThatSucceedsBringsItBackSlowly() {
        eject();
        pass(BASE);
        availability.claimTrial();

        assertThat(availability.succeeded()).isTrue();

        assertThat(availability.isUp()).isTrue();
        assertThat(availability.share()).isEqualTo(Availability.FULL / 10);
    }

    @Test
    void aTrialThatFailsDoublesTheTimeUpToTheCap() {
        eject();
        for (long expected : new long[] {10_000, 20_000, 40_000, 60_000, 60_000}) {
            pass(availability.retryAfterMillis());
            trialFails();
            assertThat(availability.retryAfterMillis()).isEqualTo(expected);
        }
        for (int i = 0; i < 100; i++) {
            pass(MAX);
            trialFails();
        }
        assertThat(availability.retryAfterMillis()).isEqualTo(MAX);
    }

    @Test
    void aTrialBeforeItsTimeThatFailsChangesNothing() {
        eject();
        for (int i = 0; i < 20; i++) {
            assertThat(availability.claimTrial()).isTrue();
            assertThat(availability.failed(true)).isFalse();
        }

        assertThat(availability.retryAfterMillis()).isEqualTo(BASE);
        assertThat(availability.claimTrial()).isTrue();
    }

    @Test
    void aTrialWithoutAVerdictLetsAnotherOneBe() {
        eject();
        pass(BASE);
        availability.claimTrial();

        availability.trialUndecided();

        assertThat(availability.isTrialDue()).isTrue();
        assertThat(availability.isUp()).isFalse();
    }

    @Test
    void aFailureFromBeforeIsNotTheTrials() {
        eject();
        pass(BASE);
        availability.claimTrial();

        availability.failed(false);

        assertThat(availability.claimTrial()).isFalse();
        assertThat(availability.succeeded()).isTrue();
    }

    @Test
    void aRelapseSoonAfterComingBackCountsAsARepeat() {
        eject();
        pass(BASE);
        availability.claimTrial();
        availability.succeeded();
        pass(MAX - 1);

        eject();

        assertThat(availability.retryAfterMillis()).isEqualTo(2 * BASE);
    }

    @Test
    void longGoodServiceIsForgiven() {
        eject();
        pass(BASE);
        availability.claimTrial();
        availability.succeeded();
        pass(MAX);

        eject();

        assertThat(availability.retryAfterMillis()).isEqualTo(BASE);
    }

    @ParameterizedTest
    @CsvSource({"0, 100", "500, 100", "1000, 100", "2500, 250", "5000, 500", "9990, 999", "10000, 1000", "99999, 1000"})
    void itsShareGrowsWithTimeAfterItIsBack(long afterMillis, int share) {
        eject();
        pass(BASE);
        availability.claimTrial();
        availability.succeeded();

        pass(afterMillis);

        assertThat(availability.share()).isEqualTo(share);
    }

    @Test
    void checksTakeItOutAfterFallAndBringItBackAfterRise() {
        assertThat(availability.checked(false)).isFalse();
        assertThat(availability.checked(false)).isFalse();
        assertThat(availability.checked(false)).isTrue();
        assertThat(availability.isDown()).isTrue();

        assertThat(availability.checked(true)).isFalse();
        assertThat(availability.checked(true)).isTrue();
        assertThat(availability.isUp()).isTrue();
        assertThat(availability.share()).isEqualTo(Availability.FULL / 10);
    }

    @Test
    void checksCountInARowOnly() {
        checks(false, false, true, false, false);
        assertThat(availability.isUp()).isTrue();

        checks(false);
        assertThat(availability.isDown()).isTrue();
        checks(true, false, true);
        assertThat(availability.isDown()).isTrue();
    }

    @Test
    void aBackendThatAnswersRequestsIsNotTakenOutByChecks() {
        for (int i = 0; i < 10; i++) {
            checks(false, false);
            availability.succeeded();
        }
        assertThat(availability.isUp()).isTrue();
    }

    @Test
    void anAnsweredRequestOverridesTheChecks() {
        checks(false, false, false);

        assertThat(availability.succeeded()).isTrue();

        assertThat(availability.isUp()).isTrue();
        checks(false, false);
        assertThat(availability.isUp()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10})
    void checksDoNotBringBackWhatRequestsEjected(int passed) {
        eject();
        for (int i = 0; i < passed; i++) {
            availability.checked(true);
        }
        assertThat(availability.isEjected()).isTrue();
    }

    @Test
    void noTrialIsDueWhileChecksFail() {
        eject();
        checks(false, false, false);
        pass(BASE);
        assertThat(availability.isTrialDue()).isFalse();

        checks(true, true);

        assertThat(availability.isTrialDue()).isTrue();
    }
}

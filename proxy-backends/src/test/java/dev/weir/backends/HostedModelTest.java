package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.backends.HostedModel.Presence;
import dev.weir.backends.HostedModel.Residency;
import org.junit.jupiter.api.Test;

/** What is made of a backend's listings and of its answers. Times are in nanoseconds of no clock at all. */
class HostedModelTest {
    private static final long SECOND = 1_000_000_000L;

    private final HostedModel model = new HostedModel("m", 2, true);

    private void request(long from, long firstByte, long end) {
        model.begin(from);
        boolean loading = model.beginLoading();
        model.answered(firstByte, from, loading, true);
        model.end(end, from, false);
    }

    @Test
    void nothingIsKnownAtFirst() {
        assertThat(model.presence()).isEqualTo(Presence.UNKNOWN);
        assertThat(model.residency()).isEqualTo(Residency.UNKNOWN);
        assertThat(model.isLoaded()).isTrue();
        assertThat(model.isAbsent()).isFalse();
    }

    @Test
    void whereModelsAreNotLoadedAndUnloadedItIsAlwaysLoaded() {
        assertThat(new HostedModel("m", 0, false).residency()).isEqualTo(Residency.LOADED);
    }

    @Test
    void theFirstRequestForAColdModelIsTheOneThatLoadsIt() {
        model.resident(false, 0, 1);
        model.begin(2);
        assertThat(model.beginLoading()).isTrue();
        model.begin(3);
        assertThat(model.beginLoading()).isFalse();

        assertThat(model.residency()).isEqualTo(Residency.LOADING);
    }

    @Test
    void itIsLoadedAsSoonAsAnAnswerBegins() {
        model.resident(false, 0, 1);

        request(SECOND, 3 * SECOND, 4 * SECOND);

        assertThat(model.residency()).isEqualTo(Residency.LOADED);
        assertThat(model.presence()).isEqualTo(Presence.YES);
        assertThat(model.loadMillis()).isEqualTo(2_000);
    }

    @Test
    void theUsualTimeToTheFirstByteIsNoPartOfLoading() {
        model.resident(true, 4096, 1);
        request(SECOND, SECOND + SECOND / 2, 2 * SECOND);
        model.resident(false, 0, 3 * SECOND);

        request(4 * SECOND, 7 * SECOND, 8 * SECOND);

        assertThat(model.loadMillis()).isEqualTo(2_500);
    }

    @Test
    void aListingOlderThanAnAnswerDoesNotUnloadIt() {
        model.resident(true, 4096, 1);
        request(SECOND, 2 * SECOND, 3 * SECOND);

        model.resident(false, 0, SECOND);
        assertThat(model.residency()).isEqualTo(Residency.LOADED);

        assertThat(model.resident(false, 0, 4 * SECOND)).isTrue();
        assertThat(model.residency()).isEqualTo(Residency.COLD);
    }

    @Test
    void aLoadThatIsGivenUpLeavesItCold() {
        model.resident(false, 0, 1);
        model.begin(2);
        model.beginLoading();

        model.end(3, 2, true);

        assertThat(model.residency()).isEqualTo(Residency.COLD);
        assertThat(model.inFlight()).isZero();
    }

    @Test
    void theServiceTimeIsThatBetweenTwoEndsForEachThatRunsBeside() {
        model.begin(SECOND);
        model.begin(SECOND);
        model.end(3 * SECOND, SECOND, false);

        assertThat(model.serviceMillis()).isEqualTo(4_000);
        assertThat(model.begin(3 * SECOND)).isTrue();
        assertThat(model.begin(3 * SECOND)).isFalse();
        assertThat(model.expectedWaitNanos()).isEqualTo(4 * SECOND);
    }

    @Test
    void theContextLengthIsThatOfTheListing() {
        model.resident(true, 8192, 1);
        assertThat(model.contextLength()).isEqualTo(8192);

        model.resident(false, 0, 2);
        assertThat(model.contextLength()).isZero();
    }

    @Test
    void itIsColdAgainWhenAllLeaveBeforeAnAnswer() {
        model.resident(false, 0, 1);
        model.begin(2);
        model.beginLoading();
        model.begin(3);

        model.end(4, 2, true);
        assertThat(model.residency()).isEqualTo(Residency.LOADING);
        model.end(5, 3, false);

        assertThat(model.residency()).isEqualTo(Residency.COLD);
    }

    @Test
    void aPreloadCountsAsLoadingUntilItEnds() {
        model.resident(false, 0, 1);
        assertThat(model.beginPreload()).isTrue();
        model.begin(2);
        model.end(3, 2, false);
        model.resident(false, 0, 4);
        assertThat(model.residency()).isEqualTo(Residency.LOADING);

        model.preloaded(2 * SECOND, SECOND, true);

        assertThat(model.residency()).isEqualTo(Residency.LOADED);
        assertThat(model.loadMillis()).isEqualTo(1_000);
    }

    private void whole(long from, long to) {
        model.begin(from);
        boolean loading = model.beginLoading();
        model.answered(to, from, loading, false);
        model.end(to, from, false);
    }

    @Test
    void anAnswerInOnePieceThatLoadedTellsHowLongThatTookOnceOthersAreKnown() {
        model.resident(false, 0, 1);
        whole(SECOND, 6 * SECOND);
        assertThat(model.loadMillis()).isZero();

        whole(7 * SECOND, 8 * SECOND);

        assertThat(model.loadMillis()).isEqualTo(4_000);
    }

    @Test
    void anAnswerInOnePieceTellsHowLongLoadingTookWhereOthersAreKnown() {
        model.resident(true, 4096, 1);
        whole(SECOND, 2 * SECOND);
        model.resident(false, 0, 3 * SECOND);

        whole(4 * SECOND, 8 * SECOND);

        assertThat(model.loadMillis()).isEqualTo(3_000);
    }

    @Test
    void whatTheBackendSaysOfLoadingCountsMoreThanAGuess() {
        model.resident(false, 0, 1);
        whole(SECOND, 6 * SECOND);
        model.loadTold(2 * SECOND, true);

        whole(7 * SECOND, 8 * SECOND);

        assertThat(model.loadMillis()).isEqualTo(2_000);
    }

    @Test
    void theFewMillisecondsOfALoadedModelAreNoLoading() {
        model.loadTold(SECOND / 100, false);

        assertThat(model.loadMillis()).isZero();
    }
}

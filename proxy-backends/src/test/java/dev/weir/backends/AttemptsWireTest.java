package dev.weir.backends;

import static dev.weir.backends.TwoBackends.CHAT;
import static dev.weir.backends.TwoBackends.chat;
import static dev.weir.backends.TwoBackends.withTimeouts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.BlackHole;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a request whose attempt brings no answer. */
class AttemptsWireTest {
    @RegisterExtension
    final TwoBackends backends = new TwoBackends();

    private final FakeBackend one = backends.one();
    private final FakeBackend two = backends.two();

    @Test
    void aRefusedConnectionCostsTheClientNothing() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.refuseConnections();

            for (int i = 0; i < 20; i++) {
                assertThat(chat(fleet).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void aBlackHoleCostsOneConnectTimeoutAndThenAnotherTargetAnswers() {
        BackendSpec.Timeouts impatient = new BackendSpec.Timeouts(100, 1_000, 1_000, 2_000);
        try (BlackHole hole = BlackHole.open();
                TestFleet fleet = TestFleet.of(
                        TestFleet.spec("b1", "http://127.0.0.1:" + hole.port(), 64, impatient),
                        TestFleet.spec("b2", two.url(), 64, TestFleet.PATIENT))) {
            for (int i = 0; i < 5; i++) {
                assertThat(chat(fleet).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void aClientThatLeavesWhileConnectingGivesItsSlotBack() {
        try (BlackHole hole = BlackHole.open();
                TestFleet fleet = TestFleet.of(
                        TestFleet.spec("b1", "http://127.0.0.1:" + hole.port(), 64, TestFleet.SLOW_CONNECT));
                RawClient client = fleet.connect()) {
            client.sendRequest("POST /v1/chat/completions", CHAT);
            Await.until("the slot to be taken", () -> fleet.backend("b1").inFlight() == 1);

            client.reset();

            fleet.awaitIdle();
        }
    }

    @Test
    void aCloseBeforeTheHeadIsRepeatedOnAnotherTarget() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.onRequest(Script.closeBeforeHead());

            for (int i = 0; i < 6; i++) {
                assertThat(chat(fleet).text()).contains("answered");
            }
        }
    }

    @Test
    void aResetBeforeTheHeadIsRepeatedOnAnotherTarget() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.onRequest(Script.resetBeforeHead());

            for (int i = 0; i < 6; i++) {
                assertThat(chat(fleet).text()).contains("answered");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504})
    void aServerErrorIsTriedOnceMoreElsewhere(int status) {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.onRequest(Script.status(status));

            for (int i = 0; i < 6; i++) {
                assertThat(chat(fleet).status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 429, 501})
    void otherErrorsArePassedOnAndCountAgainstNobody(int status) {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.onRequest(Script.status(status));

            for (int i = 0; i < 8; i++) {
                assertThat(chat(fleet).status()).isEqualTo(status);
            }

            assertThat(fleet.backend("b1").state()).isEqualTo("up");
        }
    }

    @Test
    void a500NeverEjects() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.onRequest(Script.status(500));

            for (int i = 0; i < 10; i++) {
                assertThat(chat(fleet).status()).isEqualTo(500);
            }

            assertThat(fleet.backend("b1").state()).isEqualTo("up");
        }
    }

    @Test
    void a503WithNobodyElseIsPassedOnAndInTheEndEjects() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.onRequest(Script.status(503));

            for (int i = 0; i < 5; i++) {
                assertThat(chat(fleet).status()).isEqualTo(503);
            }

            assertThat(fleet.backend("b1").state()).isEqualTo("ejected");
        }
    }

    @Test
    void aSingleBackendThatClosesBeforeTheHeadIsA502() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue(Script.closeBeforeHead());

            RawResponse answer = chat(fleet);

            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.text()).contains("upstream_error");
        }
    }

    @Test
    void nobodyThereIsA503ThatSaysWhenToComeBack() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.refuseConnections();

            RawResponse answer = chat(fleet);

            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.header("retry-after")).isNotNull();
            assertThat(answer.text()).contains("no_backend");
        }
    }

    @Test
    void aBackendThatComesBackServesAgainByItself() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.refuseConnections();
            for (int i = 0; i < 6; i++) {
                assertThat(chat(fleet).status()).isEqualTo(503);
            }

            one.acceptAgain();

            assertThat(chat(fleet).status()).isEqualTo(200);
            assertThat(fleet.backend("b1").state()).isEqualTo("up");
        }
    }

    @Test
    void anAnswerThatDoesNotBeginInTimeIsA504() {
        try (TestFleet fleet = withTimeouts(new BackendSpec.Timeouts(500, 100, 5_000, 9_000), one)) {
            one.enqueue(Script.neverAnswers());

            assertThat(chat(fleet).status()).isEqualTo(504);
        }
    }

    @Test
    void aStalePooledConnectionIsReplacedWithoutTheClientNoticing() {
        try (TestFleet fleet = TestFleet.before(one)) {
            for (int i = 0; i < 30; i++) {
                one.enqueue((request, peer) -> {
                    peer.json("{\"answered\": true}");
                    peer.close();
                });
                assertThat(chat(fleet).status()).isEqualTo(200);
            }
            assertThat(fleet.backend("b1").state()).isEqualTo("up");
        }
    }

    @Test
    void aConnectionIsUsedAgainForTheNextRequest() {
        try (TestFleet fleet = TestFleet.before(one);
                RawClient client = fleet.connect()) {
            int before = one.acceptedConnections();
            for (int i = 0; i < 5; i++) {
                client.sendRequest("POST /v1/chat/completions", CHAT);
                assertThat(client.readResponse().status()).isEqualTo(200);
            }

            assertThat(one.acceptedConnections()).isEqualTo(before + 1);
        }
    }

    @Test
    void retriesStayWithinTheirBudgetWhenEverythingFails() {
        try (TestFleet fleet = TestFleet.before(
                new BackendGroup.Settings(2, 20, 10, 16, 1_000),
                spec -> new BackendSpec(
                        spec.name(),
                        spec.url(),
                        spec.kind(),
                        1,
                        64,
                        null,
                        Map.of(),
                        spec.timeouts(),
                        spec.pool(),
                        spec.health(),
                        new BackendSpec.Eject(1_000, 5_000, 5_000),
                        null),
                one,
                two)) {
            one.onRequest(Script.closeBeforeHead());
            two.onRequest(Script.closeBeforeHead());
            for (int i = 0; i < 100; i++) {
                assertThat(chat(fleet).status()).isEqualTo(502);
            }

            int attempts = one.requests().size() + two.requests().size() - 2;
            assertThat(attempts).isBetween(100, 120);
        }
    }

    @Test
    void anErrorThatNoRetryIsLeftForIsPassedOnAsItIs() {
        try (TestFleet fleet =
                TestFleet.before(new BackendGroup.Settings(2, 0, 0, 16, 1_000), spec -> spec, one, two)) {
            one.onRequest(Script.status(503));
            two.onRequest(Script.status(503));

            RawResponse answer = chat(fleet);

            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.header("x-weir-backend")).isNotNull();
        }
    }
}

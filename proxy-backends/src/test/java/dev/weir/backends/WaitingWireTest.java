package dev.weir.backends;

import static dev.weir.backends.TwoBackends.CHAT;
import static dev.weir.backends.TwoBackends.STREAM;
import static dev.weir.backends.TwoBackends.chat;
import static dev.weir.backends.TwoBackends.leave;
import static dev.weir.backends.TwoBackends.withOneSlot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of a request that finds every slot taken, or nobody there. */
class WaitingWireTest {
    @RegisterExtension
    final TwoBackends backends = new TwoBackends();

    private final FakeBackend one = backends.one();
    private final FakeBackend two = backends.two();

    @Test
    void aRequestWaitsForASlotAndIsServedInItsTurn() {
        try (TestFleet fleet = withOneSlot(8, 5_000, one);
                RawClient first = fleet.connect();
                RawClient second = fleet.connect()) {
            one.enqueue((request, peer) -> {
                peer.startSse();
                peer.sse("{\"first\": true}");
                peer.awaitClientGone(Duration.ofSeconds(5));
            });
            first.sendRequest("POST /v1/chat/completions", STREAM);
            first.readHead();
            second.sendRequest("POST /v1/chat/completions", CHAT);
            second.expectSilence(Duration.ofMillis(100));

            leave(first, false);

            assertThat(second.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void aFullQueueIsA503AtOnce() {
        try (TestFleet fleet = withOneSlot(0, 5_000, one);
                RawClient first = fleet.connect()) {
            one.enqueue((request, peer) -> peer.awaitClientGone(Duration.ofSeconds(5)));
            first.sendRequest("POST /v1/chat/completions", CHAT);
            one.awaitRequest(2);

            RawResponse answer = chat(fleet);

            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.text()).contains("slow_down");
            assertThat(answer.header("retry-after")).isNotNull();
        }
    }

    @Test
    void aWaitThatIsTooLongIsA503() {
        try (TestFleet fleet = withOneSlot(8, 100, one);
                RawClient first = fleet.connect()) {
            one.enqueue((request, peer) -> peer.awaitClientGone(Duration.ofSeconds(5)));
            first.sendRequest("POST /v1/chat/completions", CHAT);
            one.awaitRequest(2);

            assertThat(chat(fleet).status()).isEqualTo(503);
        }
    }

    @Test
    void aClientThatLeavesTheQueueIsForgottenAtOnce() {
        try (TestFleet fleet = withOneSlot(1, 5_000, one);
                RawClient first = fleet.connect();
                RawClient third = fleet.connect()) {
            one.enqueue((request, peer) -> peer.awaitClientGone(Duration.ofSeconds(5)));
            first.sendRequest("POST /v1/chat/completions", CHAT);
            one.awaitRequest(2);
            RawClient second = fleet.connect();
            second.sendRequest("POST /v1/chat/completions", CHAT);
            second.expectSilence(Duration.ofMillis(50));

            second.close();
            third.expectSilence(Duration.ofMillis(50));
            third.sendRequest("POST /v1/chat/completions", CHAT);
            third.expectSilence(Duration.ofMillis(50));
            leave(first, false);

            assertThat(third.readResponse().status()).isEqualTo(200);
            assertThat(one.requests()).hasSize(3);
        }
    }

    @Test
    void aFallbackServesWhenItsModelCannot() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.refuseConnections();

            RawResponse answer =
                    RawClient.post(fleet.port(), "/v1/chat/completions", CHAT.replace("\"m\"", "\"m-or-stand-in\""));

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("x-weir-model")).isEqualTo("stand-in");
            assertThat(answer.header("x-weir-backend")).isEqualTo("b2");
        }
    }

    @Test
    void aFallbackDoesNotServeWhatTheClientGotWrong() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.onRequest(Script.status(400));

            RawResponse answer =
                    RawClient.post(fleet.port(), "/v1/chat/completions", CHAT.replace("\"m\"", "\"m-or-stand-in\""));

            assertThat(answer.status()).isEqualTo(400);
        }
    }
}

package dev.weir.backends;

import static dev.weir.backends.TwoBackends.CHAT;
import static dev.weir.backends.TwoBackends.STREAM;
import static dev.weir.backends.TwoBackends.chat;
import static dev.weir.backends.TwoBackends.leave;
import static dev.weir.backends.TwoBackends.withTimeouts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of an answer that is broken, cut or not wanted any more. */
class BrokenAnswersWireTest {
    @RegisterExtension
    final TwoBackends backends = new TwoBackends();

    private final FakeBackend one = backends.one();

    @Test
    void aConnectionWithBytesLeftOverIsNotUsedAgain() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue(
                    (request, peer) -> peer.sendRaw(
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"));

            assertThat(chat(fleet).text()).isEqualTo("{}");
            assertThat(chat(fleet).text()).contains("answered");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\r\n\r\n",
                "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
            })
    void aBrokenResponseIsA502(String response) {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue((request, peer) -> {
                peer.sendRaw(response);
                peer.awaitClientGone(Duration.ofSeconds(5));
            });

            assertThat(chat(fleet).status()).isEqualTo(502);
        }
    }

    @Test
    void interimResponsesAreSkippedButNotForEver() {
        try (TestFleet fleet = TestFleet.before(one)) {
            String interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
            one.enqueue((request, peer) ->
                    peer.sendRaw(interim.repeat(3) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
            assertThat(chat(fleet).status()).isEqualTo(200);

            one.enqueue((request, peer) -> peer.sendRaw(interim.repeat(100)));
            assertThat(chat(fleet).status()).isEqualTo(502);
        }
    }

    @Test
    void aBodyThatEndsWithTheConnectionIsWhole() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue((request, peer) -> {
                peer.sendRaw("HTTP/1.1 200 OK\r\n\r\nuntil the end");
                peer.close();
            });

            RawResponse answer = chat(fleet);

            assertThat(answer.complete()).isTrue();
            assertThat(answer.text()).isEqualTo("until the end");
        }
    }

    @Test
    void aCutBodyIsACutForTheClientToo() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue(Script.closeMidBody());

            assertThat(chat(fleet).complete()).isFalse();
        }
    }

    @Test
    void aCutStreamEndsInAnErrorEventAndWithoutDone() {
        try (TestFleet fleet = TestFleet.before(one);
                RawClient client = fleet.connect()) {
            one.enqueue(Script.closeMidStream());
            client.sendRequest("POST /v1/chat/completions", STREAM);

            RawResponse answer = client.readResponse();

            assertThat(answer.complete()).isFalse();
            assertThat(answer.text())
                    .contains("\"error\":{")
                    .contains("upstream_error")
                    .doesNotContain("[DONE]");
            assertThat(answer.text()).endsWith("\n\n");
        }
    }

    @Test
    void aStreamCutInsideAnEventGetsNoErrorEventForItWouldBePartOfTheOther() {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue((request, peer) -> {
                peer.startSse();
                peer.chunk("data: {\"half\": ");
                peer.close();
            });

            RawResponse answer = RawClient.post(fleet.port(), "/v1/chat/completions", STREAM);

            assertThat(answer.complete()).isFalse();
            assertThat(answer.text()).isEqualTo("data: {\"half\": ");
        }
    }

    @Test
    void aStreamThatFallsSilentIsCutAfterTheIdleTimeout() {
        try (TestFleet fleet = withTimeouts(new BackendSpec.Timeouts(500, 5_000, 150, 9_000), one)) {
            one.enqueue((request, peer) -> {
                peer.startSse();
                peer.sse("{\"choices\": []}");
                peer.awaitClientGone(Duration.ofSeconds(5));
            });

            RawResponse answer = RawClient.post(fleet.port(), "/v1/chat/completions", STREAM);

            assertThat(answer.complete()).isFalse();
            assertThat(answer.text()).contains("timeout");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatLeavesBeforeTheHeadStopsTheBackend(boolean reset) {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue((request, peer) -> {
                long nanos = peer.awaitClientGone(Duration.ofSeconds(5));
                assertThat(nanos).isPositive();
            });
            RawClient client = fleet.connect();
            client.sendRequest("POST /v1/chat/completions", CHAT);
            one.awaitRequest(2);

            leave(client, reset);

            fleet.awaitIdle();
            one.awaitOpenConnections(0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatLeavesAStreamStopsTheBackend(boolean reset) {
        try (TestFleet fleet = TestFleet.before(one)) {
            one.enqueue((request, peer) -> {
                peer.startSse();
                peer.sse("{\"choices\": []}");
                peer.awaitClientGone(Duration.ofSeconds(5));
            });
            RawClient client = fleet.connect();
            client.sendRequest("POST /v1/chat/completions", STREAM);
            assertThat(client.readHead().status()).isEqualTo(200);
            client.readSseEvent();

            leave(client, reset);

            fleet.awaitIdle();
            one.awaitOpenConnections(0);
        }
    }
}

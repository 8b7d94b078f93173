package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.BlackHole;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a request whose backend fails, in each state of an attempt. */
class AttemptsWireTest {
    private static final String CHAT = "{\"model\": \"m\", \"messages\": []}";
    private static final String STREAM = "{\"model\": \"m\", \"stream\": true, \"messages\": []}";
    private static final Script ANSWER = Script.ok("{\"answered\": true}");

    private FakeBackend one;
    private FakeBackend two;

    @BeforeEach
    void startBackends() {
        one = FakeBackend.start().onRequest(ANSWER);
        two = FakeBackend.start().onRequest(ANSWER);
    }

    @AfterEach
    void stopBackends() {
        one.close();
        two.close();
    }

    private static RawResponse chat(TestFleet fleet) {
        return RawClient.post(fleet.port(), "/v1/chat/completions", CHAT);
    }

    private static TestFleet withTimeouts(BackendSpec.Timeouts timeouts, FakeBackend... backends) {
        return TestFleet.before(
                BackendGroup.Settings.DEFAULT,
                spec -> TestFleet.spec(spec.name(), spec.url().toString(), spec.maxInFlight(), timeouts),
                backends);
    }

    private static TestFleet withOneSlot(int queueMax, long queueMillis, FakeBackend... backends) {
        return TestFleet.before(
                new BackendGroup.Settings(2, 20, 10, queueMax, queueMillis),
                spec -> TestFleet.spec(spec.name(), spec.url().toString(), 1, TestFleet.PATIENT),
                backends);
    }

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
                        TestFleet.spec("b2", two.url(), 64, impatient))) {
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

    private static void leave(RawClient client, boolean reset) {
        if (reset) {
            client.reset();
        } else {
            client.close();
        }
    }

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

    @Test
    void aRelayedRequestIsNotRepeatedOnceItWasSent() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.enqueue(Script.closeBeforeHead());

            RawResponse answer = RawClient.post(fleet.port(), "/v1/files", "{\"anything\": 1}");

            assertThat(answer.status()).isEqualTo(502);
            assertThat(one.requests()).hasSize(2);
        }
    }

    @Test
    void aRelayedBodyIsStreamedAsItCame() {
        try (TestFleet fleet = TestFleet.before(one);
                RawClient client = fleet.connect()) {
            client.send("POST /v1/files?purpose=x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send("5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer-Field: x\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(200);

            ReceivedRequest received = one.awaitRequest(2);
            assertThat(received.target()).isEqualTo("/v1/files?purpose=x");
            assertThat(received.text()).isEqualTo("hello world");
            assertThat(received.trailers().fields()).isEmpty();
        }
    }

    @Test
    void aRelayedPathStaysAsItIs() {
        try (TestFleet fleet = TestFleet.before(one)) {
            RawClient.post(fleet.port(), "/tokenize", "{\"anything\": 1}");

            assertThat(one.awaitRequest(2).target()).isEqualTo("/tokenize");
        }
    }

    @Test
    void backendsGetTheirOwnModelNameAndEverythingElseByteForByte() {
        try (TestFleet fleet = TestFleet.before(one)) {
            String body =
                    "{ \"b\" :[1,2.50,\"\\u00e9é\"],\"model\" : \"m\", \"x\":{\"model\":\"m\"} ,\"max_completion_tokens\":5}";

            RawClient.post(fleet.port(), "/v1/chat/completions", body);

            assertThat(new String(one.awaitRequest(2).body(), StandardCharsets.UTF_8))
                    .isEqualTo(body.replace("\"model\" : \"m\"", "\"model\" : \"upstream-m\""));
        }
    }

    @Test
    void whatIsTheClientsOwnOrBelongsToOneHopIsNotForwarded() {
        try (TestFleet fleet = TestFleet.before(one)) {
            RawClient.post(
                    fleet.port(),
                    "/chat/completions",
                    CHAT,
                    "Authorization: Bearer client-secret",
                    "x-api-key: client-secret",
                    "Connection: keep-alive, X-Nominated",
                    "X-Nominated: 1",
                    "TE: trailers",
                    "Upgrade: h2c",
                    "Origin: http://evil",
                    "Accept-Encoding: gzip",
                    "Transfer_Encoding: chunked",
                    "X-Forwarded-For: 6.6.6.6",
                    "Forwarded: for=6.6.6.6",
                    "X-Kept: yes");

            ReceivedRequest received = one.awaitRequest(2);
            assertThat(received.target()).isEqualTo("/v1/chat/completions");
            assertThat(received.rawHead()).doesNotContain("client-secret").doesNotContain("6.6.6.6");
            assertThat(received.header("Authorization")).isEqualTo("Bearer backend-key");
            assertThat(received.header("X-Team")).isEqualTo("a");
            assertThat(received.header("X-Kept")).isEqualTo("yes");
            assertThat(received.header("Host")).isEqualTo("127.0.0.1:" + one.port());
            assertThat(received.header("X-Forwarded-For")).isEqualTo("127.0.0.1");
            assertThat(received.header("Via")).isEqualTo("1.1 weir");
            for (String gone : List.of(
                    "X-Nominated", "TE", "Upgrade", "Origin", "Accept-Encoding", "Transfer_Encoding", "Forwarded")) {
                assertThat(received.header(gone)).as(gone).isNull();
            }
        }
    }
}

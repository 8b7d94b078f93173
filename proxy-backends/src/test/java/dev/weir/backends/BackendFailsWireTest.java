package dev.weir.backends;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Outcome;
import dev.weir.testing.BlackHole;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the client of the only backend sees when that fails, in every state of a call. */
class BackendFailsWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private static void assertError(RawResponse response, int status, String code) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.text()).contains("\"code\":\"" + code + "\"");
        assertThat(response.complete()).isTrue();
    }

    @Test
    void aRefusedConnectionIs503AndSaysWhenToComeBack() {
        gateway.backend("a").fake().refuseConnections();
        gateway.start();

        RawResponse response = gateway.post();

        assertError(response, 503, "no_backend");
        assertThat(response.header("retry-after")).isEqualTo("1");
        assertThat(response.text()).contains("backend a refused the connection");
        assertThat(gateway.events().seen()).contains("failed a refused");
    }

    @Test
    void aConnectionThatDoesNotComeAboutIs503AfterTheConnectTimeout() {
        try (BlackHole hole = BlackHole.open()) {
            gateway.spec(new SpecBuilder("hole", "http://127.0.0.1:" + hole.port())
                            .connectMillis(200)
                            .build())
                    .start();

            long start = System.nanoTime();
            assertError(gateway.post(), 503, "no_backend");
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isBetween(190L, 4_500L);
            assertThat(gateway.events().seen()).contains("failed hole connect");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aConnectionThatEndsBeforeTheHeadIs502(boolean orderly) {
        gateway.backend("a").enqueue(orderly ? Script.closeBeforeHead() : Script.resetBeforeHead());
        gateway.start();

        assertError(gateway.post(), 502, "upstream_error");
        assertThat(gateway.events().seen()).contains("failed a closed");
        assertThat(gateway.post().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"})
    void aConnectionThatEndsInsideTheHeadIs502(String part) {
        gateway.backend("a").enqueue((request, peer) -> {
            peer.sendRaw(part);
            peer.close();
        });
        gateway.start();

        assertError(gateway.post(), 502, "upstream_error");
    }

    @Test
    void silenceBeforeTheHeadIs504AndFreesTheSlot() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.firstByteMillis(200));
        backend.enqueue((request, peer) -> peer.awaitClientGone(Duration.ofSeconds(20)));
        gateway.start();

        assertError(gateway.post(), 504, "timeout");
        assertThat(gateway.events().seen()).contains("failed a first_byte_timeout");
    }

    @Test
    void aHeadThatComesByteByByteIsLateAllTheSame() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.firstByteMillis(200));
        backend.enqueue((request, peer) ->
                peer.sendTrickle("HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyyyy".getBytes(US_ASCII), 20_000_000));
        gateway.start();

        assertError(gateway.post(), 504, "timeout");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPlainAnswerThatEndsInTheMiddleIsCutVisibly(boolean orderly) {
        gateway.backend("a").enqueue(orderly ? Script.closeMidBody() : Script.resetMidBody());
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.complete()).isFalse();
        assertThat(gateway.events().seen()).containsExactly("failed a cut");
        assertThat(gateway.outcomes()).extracting(Outcome::end).containsExactly(Outcome.End.CUT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStreamThatEndsInTheMiddleEndsWithAnErrorEventAndNoLastChunk(boolean orderly) {
        gateway.backend("a").enqueue(orderly ? Script.closeMidStream() : Script.resetMidStream());
        gateway.start();
        RawClient client = gateway.ask();
        client.readHead();

        if (orderly) {
            assertThat(client.readSseEvent()).contains("one");
            assertThat(client.readSseEvent()).contains("two");
        }
        String event = client.readSseEvent();
        while (event != null && event.contains("chat.completion.chunk")) {
            event = client.readSseEvent(); // an RST may overtake what was sent before it
        }
        assertThat(event).startsWith("data: {\"error\":").contains("upstream_error");
        assertThat(client.readSseEvent()).isNull();
        assertThat(client.bodyComplete()).isFalse();
    }

    @Test
    void aStreamThatGoesSilentEndsWithAnErrorEvent() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.idleMillis(200));
        backend.enqueue((request, peer) -> {
            peer.startSse();
            peer.sse(Script.chatEvent("one"));
            peer.awaitClientGone(Duration.ofSeconds(20));
        });
        gateway.start();
        RawClient client = gateway.ask();
        client.readHead();

        assertThat(client.readSseEvent()).contains("one");
        assertThat(client.readSseEvent()).contains("\"error\"").contains("\"code\":\"timeout\"");
        assertThat(client.readSseEvent()).isNull();
        assertThat(client.bodyComplete()).isFalse();
        assertThat(gateway.events().seen()).containsExactly("failed a timeout");
    }

    @Test
    void aPlainAnswerThatGoesSilentIsCut() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.idleMillis(200));
        backend.enqueue((request, peer) -> {
            peer.sendRaw(Script.TRUNCATED);
            peer.awaitClientGone(Duration.ofSeconds(20));
        });
        gateway.start();

        assertThat(gateway.post().complete()).isFalse();
    }

    @Test
    void anAnswerThatNeverEndsIsCutAfterTheTotalTime() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.totalMillis(300));
        backend.enqueue((request, peer) -> {
            peer.sendHeadChunked(200, "content-type: application/json");
            peer.sendInBackground("4\r\nmore\r\n".repeat(1000).getBytes(US_ASCII), Long.MAX_VALUE);
            peer.awaitClientGone(Duration.ofSeconds(20));
        });
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.complete()).isFalse();
        assertThat(gateway.events().seen()).containsExactly("failed a timeout");
    }

    @ParameterizedTest
    @CsvSource({"400", "401", "404", "429", "500", "501", "502", "503", "504"})
    void anErrorOfTheOnlyBackendIsPassedOnAsItIs(int status) {
        gateway.backend("a").enqueue((request, peer) -> peer.respond(status, "its own words", "retry-after: 7"));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.text()).isEqualTo("its own words");
        assertThat(response.header("retry-after")).isEqualTo("7");
        assertThat(response.header("x-weir-backend")).isEqualTo("a");
        assertThat(gateway.events().seen()).isEmpty();
    }

    @Test
    void anUploadThatTheBackendDoesNotTakeIsGivenUp() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.idleMillis(300));
        backend.fake().answerBeforeBody();
        CountDownLatch over = new CountDownLatch(1);
        backend.enqueue((request, peer) -> over.await(20, TimeUnit.SECONDS));
        gateway.start();
        RawClient client = gateway.client();
        client.send("POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n");
        client.sendInBackground(new byte[64 * 1024], 100_000_000);

        try {
            assertError(client.readResponse(), 504, "timeout");
        } finally {
            over.countDown();
        }
    }

    @Test
    void theDrainDeadlineAnswersWhoHasNoHeadAndCutsStreamsWithAnErrorEvent() throws Exception {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.maxInFlight(2));
        backend.enqueue(
                (request, peer) -> {
                    peer.startSse();
                    peer.sse(Script.chatEvent("one"));
                    peer.awaitClientGone(Duration.ofSeconds(20));
                },
                (request, peer) -> peer.awaitClientGone(Duration.ofSeconds(20)),
                // Those that are cut first free slots: who waited for one may still reach the backend.
                (request, peer) -> peer.awaitClientGone(Duration.ofSeconds(20)));
        gateway.start();
        RawClient streaming = gateway.ask();
        streaming.readHead();
        streaming.readSseEvent();
        RawClient waiting = gateway.ask();
        backend.awaitRequest(2);
        RawClient queued = gateway.ask();
        gateway.awaitQueued("m", 1);

        assertThat(gateway.server().drain(Duration.ZERO, Duration.ofMillis(100)))
                .isFalse();

        assertError(waiting.readResponse(), 503, "shutting_down");
        assertError(queued.readResponse(), 503, "shutting_down");
        assertThat(streaming.readSseEvent()).contains("shutting_down");
        assertThat(streaming.readSseEvent()).isNull();
        assertThat(streaming.bodyComplete()).isFalse();
    }
}

package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link RawClient} against {@link FakeBackend}: what the client sends, reads and tells apart. */
final class RawClientWireTest {
    private static final Duration SHORT = Duration.ofMillis(150);

    private final FakeBackend backend = FakeBackend.start();

    @AfterEach
    void closeBackend() {
        backend.close();
    }

    @Test
    void requestAndResponseArriveAsTheyWereSent() {
        backend.onRequest((request, peer) -> peer.respond(429, "slow down", "Retry-After: 3", "x-a: 1", "X-A: 2"));

        RawResponse response = RawClient.post(backend.port(), "/v1/x?y=1", "{\"ä\": 1}", "X-Mixed-Case: kept");

        assertThat(response.statusLine()).isEqualTo("HTTP/1.1 429 Too Many Requests");
        assertThat(response.status()).isEqualTo(429);
        assertThat(response.header("retry-after")).isEqualTo("3");
        assertThat(response.headers().all("x-a")).containsExactly("1", "2");
        assertThat(response.text()).isEqualTo("slow down");
        assertThat(response.complete()).isTrue();
        ReceivedRequest request = backend.awaitRequest(1);
        assertThat(request.method()).isEqualTo("POST");
        assertThat(request.target()).isEqualTo("/v1/x?y=1");
        assertThat(request.text()).isEqualTo("{\"ä\": 1}");
        assertThat(request.rawHead()).contains("\r\nX-Mixed-Case: kept\r\n");
    }

    @Test
    void chunksKeepTheirBordersExtensionsAndTrailers() {
        backend.onRequest((request, peer) -> {
            peer.sendHeadChunked(200);
            peer.chunk("hello");
            peer.sendRaw("3;note=x\r\nabc\r\n");
            peer.endChunks("x-sum: 8");
        });

        RawResponse response = RawClient.get(backend.port(), "/");

        assertThat(response.chunkSizes()).containsExactly(5, 3);
        assertThat(response.chunkHeads()).containsExactly("5", "3;note=x");
        assertThat(response.trailers().first("x-sum")).isEqualTo("8");
        assertThat(response.text()).isEqualTo("helloabc");
        assertThat(response.complete()).isTrue();
    }

    @Test
    void chunkedRequestBodyIsDecoded() {
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendSlowly(
                    latin1(
                            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;e\r\nab\r\n0\r\nt: 1\r\n\r\n"),
                    7,
                    100_000);
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
        ReceivedRequest request = backend.awaitRequest(1);
        assertThat(request.text()).isEqualTo("ab");
        assertThat(request.chunkHeads()).containsExactly("2;e");
        assertThat(request.trailers().first("T")).isEqualTo("1");
    }

    @Test
    void connectionIsKeptForTheNextRequest() {
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /1", "");
            client.sendRequest("HEAD /2", "");
            client.readResponse();
            RawResponse second = client.readResponse(true);

            assertThat(second.header("content-length")).isEqualTo("2");
            assertThat(second.complete()).isTrue();
            client.expectSilence(SHORT);
            assertThat(backend.openConnections()).isEqualTo(1);
        }
        assertThat(backend.awaitRequest(2).requestNumberOnConnection()).isEqualTo(2);
        assertThat(backend.awaitRequest(2).connectionNumber()).isEqualTo(1);
        backend.awaitOpenConnections(0);
        assertThat(backend.acceptedConnections()).isEqualTo(1);
    }

    @Test
    void closeDelimitedBodyEndsWithTheConnection() {
        backend.onRequest((request, peer) -> {
            peer.sendTrickle(latin1("HTTP/1.1 200 OK\r\n\r\nall of it"), 10_000);
            peer.close();
        });

        RawResponse response = RawClient.get(backend.port(), "/");

        assertThat(response.text()).isEqualTo("all of it");
        assertThat(response.complete()).isTrue();
    }

    @Test
    void interimResponseIsReadApart() {
        try (RawClient client = RawClient.connect(backend.port())) {
            client.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
            assertThat(client.readInterim().status()).isEqualTo(100);
            client.send("ok");
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void bodyCutByFinOrResetIsIncomplete() {
        backend.enqueue(Script.closeMidBody(), Script.resetMidBody(), Script.closeMidStream(), Script.resetMidStream());
        for (int i = 0; i < 4; i++) {
            RawResponse response = RawClient.get(backend.port(), "/");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.complete()).isFalse();
        }
    }

    @Test
    void closeDelimitedBodyCutByResetIsIncomplete() {
        backend.onRequest((request, peer) -> {
            peer.sendRaw("HTTP/1.1 200 OK\r\n\r\npart");
            peer.reset();
        });
        RawResponse response = RawClient.get(backend.port(), "/");

        assertThat(response.text()).isEqualTo("part");
        assertThat(response.complete()).isFalse();
    }

    @Test
    void missingHeadIsAnIncompleteResponse() {
        backend.enqueue(Script.closeBeforeHead(), Script.resetBeforeHead());
        for (int i = 0; i < 2; i++) {
            RawResponse response = RawClient.get(backend.port(), "/");
            assertThat(response.status()).isZero();
            assertThat(response.complete()).isFalse();
        }
    }

    @Test
    void finAndResetAreToldApart() {
        backend.enqueue(Script.closeBeforeHead(), Script.resetBeforeHead(), Script.closeBeforeHead());
        try (RawClient first = RawClient.connect(backend.port());
                RawClient second = RawClient.connect(backend.port());
                RawClient third = RawClient.connect(backend.port())) {
            first.sendRequest("GET /", "");
            first.expectClosed();
            second.sendRequest("GET /", "");
            second.expectReset();
            third.sendRequest("GET /", "");
            assertThatThrownBy(third::expectReset)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("FIN");
        }
    }

    @Test
    void resetFoundByTheWriterIsStillAReset() {
        backend.onRequest((request, peer) -> peer.reset());
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            Await.until("writing fails", () -> !client.trySend(latin1("more")));
            client.expectReset();
        }
    }

    @Test
    void readerThatWaitsInVainShowsWhatCame() {
        CountDownLatch sent = new CountDownLatch(1);
        backend.onRequest((request, peer) -> {
            peer.sendRaw("HTTP/1.1 200 OK\r\nx-half");
            sent.countDown();
            peer.stall();
        });
        try (RawClient client = RawClient.connect(backend.port()).timeout(SHORT)) {
            client.sendRequest("GET /", "");
            Await.until("half a head was sent", () -> sent.getCount() == 0);
            assertThatThrownBy(client::readHead)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("readHead: not done within 150 ms")
                    .hasMessageContaining("connection OPEN")
                    .hasMessageContaining("HTTP/1.1 200 OK\\r\\n\nx-half");
        }
    }

    @Test
    void garbageIsNoResponse() {
        backend.onRequest(Script.garbage());
        assertThatThrownBy(() -> RawClient.get(backend.port(), "/"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("status line")
                .hasMessageContaining("\\x16\\x03\\x01 this is not HTTP");
    }

    @Test
    void eventsAreReadOneByOneWhateverTheirChunks() {
        backend.onRequest((request, peer) -> {
            peer.startSse();
            peer.sse("1");
            peer.chunk(": ping\n\nda");
            peer.chunk("ta: 2\r\n\r\nevent: x\ndata: ü\n\n");
            peer.endSse();
        });
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            assertThat(client.readHead().header("content-type")).isEqualTo("text/event-stream");
            assertThat(client.readSseEvent()).isEqualTo("data: 1");
            assertThat(client.readSseEvent()).isEqualTo(": ping");
            assertThat(client.readSseEvent()).isEqualTo("data: 2");
            assertThat(client.readSseEvent()).isEqualTo("event: x\ndata: ü");
            assertThat(client.readSseEvent()).isEqualTo("data: [DONE]");
            assertThat(client.readSseEvent()).isNull();
            assertThat(client.bodyComplete()).isTrue();
        }
    }

    @Test
    void streamCutInsideAnEventShowsThePart() {
        backend.onRequest((request, peer) -> {
            peer.startSse();
            peer.sse("1");
            peer.chunk("data: ha");
            peer.close();
        });
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            client.readHead();
            assertThat(client.readSseEvent()).isEqualTo("data: 1");
            assertThat(client.readSseEvent()).isNull();
            assertThat(client.bodyComplete()).isFalse();
            assertThat(client.unfinishedSseEvent()).isEqualTo("data: ha");
        }
    }

    @Test
    void chunksAreReadOneByOneAndTheRestAtOnce() {
        backend.onRequest(Script.sseChat(3));
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            client.readHead();
            assertThat(client.readChunk()).asString().contains("word0");
            RawResponse rest = client.readRest();
            assertThat(rest.text())
                    .startsWith("data: ")
                    .contains("word1", "word2")
                    .endsWith("data: [DONE]\n\n");
            assertThat(rest.complete()).isTrue();
        }
    }

    @Test
    void brokenChunkFramingIsNoResponse() {
        backend.onRequest((request, peer) -> {
            peer.sendHeadChunked(200);
            peer.sendRaw("3\r\nabcd\r\n");
            peer.stall();
        });
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            client.readHead();
            assertThatThrownBy(client::readChunk)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("readChunk: chunk of 3 bytes")
                    .hasMessageContaining("abcd");
        }
    }

    @Test
    void answerToACutUploadIsReadAfterTheSendFailed() {
        backend.answerBeforeBody().onRequest((request, peer) -> {
            peer.respond(413, "too much");
            peer.close();
        });
        try (RawClient client = RawClient.connect(backend.port())) {
            client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n");
            Await.until("sending fails", () -> !client.trySend(new byte[64 * 1024]));
            assertThat(client.readResponse().status()).isEqualTo(413);
            client.closedOrReset();
        }
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}

package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a backend answers is framed as strictly as requests are; a connection is used again only when provably clean. */
class ResponseFramingWireTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final String EMPTY = "content-length: 0\r\n\r\n";

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend backend = gateway.backend("a");

    private static Script raw(String bytes) {
        return (request, peer) -> peer.sendRaw(bytes);
    }

    private void assertNextRequestHasAFreshConnection() {
        int before = backend.requests().size();
        assertThat(gateway.post().status()).isEqualTo(200);
        assertThat(backend.requests().get(before).requestNumberOnConnection()).isEqualTo(1);
    }

    private void assertNextRequestReusesTheConnection() {
        int before = backend.requests().size();
        assertThat(gateway.post().status()).isEqualTo(200);
        assertThat(backend.requests().get(before).requestNumberOnConnection()).isEqualTo(before + 1);
    }

    static Stream<String> brokenHeads() {
        return Stream.of(
                "garbage\r\n\r\n",
                "\r\n" + OK + EMPTY,
                "HTTP/1.1 2000 OK\r\n" + EMPTY,
                "HTTP/1.1 20 OK\r\n" + EMPTY,
                "HTTP/1.1 099 OK\r\n" + EMPTY,
                "HTTP/1.1 600 OK\r\n" + EMPTY,
                "HTTP/1.1 2x0 OK\r\n" + EMPTY,
                "HTTP/2.0 200 OK\r\n" + EMPTY,
                "HTTP/1.x 200 OK\r\n" + EMPTY,
                "\u0015\u0003\u0001",
                "http/1.1 200 OK\r\n" + EMPTY,
                "HTTP/1.1  200 OK\r\n" + EMPTY,
                "HTTP/1.1 200 O\u0000K\r\n" + EMPTY,
                "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
                OK + "content-length: 0\n\r\n",
                OK + "content-length: -1\r\n\r\n",
                OK + "content-length: +1\r\n\r\nx",
                OK + "content-length: 1,1\r\n\r\nx",
                OK + "content-length: 0x1\r\n\r\nx",
                OK + "content-length: 99999999999999999999\r\n\r\nx",
                OK + "content-length: \r\n\r\n",
                OK + "content-length: 1\r\ncontent-length: 1\r\n\r\nx",
                OK + "content-length: 1\r\ncontent-length: 2\r\n\r\nx",
                OK + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                OK + "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                OK + "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
                OK + "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
                OK + "transfer-encoding: identity\r\n\r\nx",
                "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                OK + "no colon\r\n\r\n",
                OK + ": no name\r\n\r\n",
                OK + "na me: x\r\n\r\n",
                OK + " folded: x\r\n\r\n",
                OK + "x: a\r\n folded\r\n" + EMPTY,
                OK + "x: a\u0000b\r\n" + EMPTY,
                OK + "x: a\rb\r\n" + EMPTY,
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000),
                OK + "x: y\r\n".repeat(1_000) + "\r\n",
                OK + "x: " + "y".repeat(1024 * 1024) + "\r\n\r\n");
    }

    @ParameterizedTest
    @MethodSource("brokenHeads")
    void aBrokenHeadIs502AndEndsTheConnection(String bytes) {
        backend.enqueue(raw(bytes));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(502);
        assertThat(response.text()).contains("backend a sent a broken response");
        assertThat(gateway.events().seen()).containsExactly("failed a protocol");
        assertNextRequestHasAFreshConnection();
    }

    @Test
    void brokenAnswersEjectTheBackend() {
        backend.onRequest(raw("garbage\r\n\r\n"));
        gateway.spec(new SpecBuilder("a", backend.fake().url())
                        .eject(3, 60_000, 60_000)
                        .build())
                .start();
        for (int i = 0; i < 3; i++) {
            assertThat(gateway.post().status()).isEqualTo(502);
        }

        assertThat(gateway.seen("a").state()).isEqualTo("ejected");
    }

    static Stream<String> brokenChunks() {
        return Stream.of(
                "x\r\n",
                "-1\r\n\r\n",
                "ffffffffffffffff\r\nx",
                "10000000000000000\r\nx",
                "5\r\nhelloworld\r\n0\r\n\r\n",
                "5\r\nhello\n0\r\n\r\n",
                " 5\r\nhello\r\n0\r\n\r\n",
                "5 hello\r\n0\r\n\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
                "5;a=\"\r\nhello\r\n0\r\n\r\n",
                ("1;" + "e".repeat(4000) + "\r\nx\r\n").repeat(10) + "0\r\n\r\n",
                "0\r\nbad trailer\r\n\r\n",
                "0\r\n" + "x: y\r\n".repeat(1_000) + "\r\n",
                "0\r\n x: y\r\n\r\n");
    }

    @ParameterizedTest
    @MethodSource("brokenChunks")
    void brokenChunksAreCutVisiblyAndEndTheConnection(String chunks) {
        backend.enqueue((request, peer) -> {
            peer.sendHeadChunked(200);
            peer.sendRaw("5\r\nhello\r\n" + chunks);
        });
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.complete()).isFalse();
        assertThat(gateway.events().seen()).containsExactly("failed a protocol");
        assertNextRequestHasAFreshConnection();
    }

    @Test
    void interimResponsesAreSkipped() {
        backend.enqueue(raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK
                + "content-length: 2\r\n\r\n{}"));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("link")).isNull();
        assertNextRequestReusesTheConnection();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "content-length: 2\r\n\r\n{}X",
                "content-length: 2\r\n\r\n{}\r\n",
                "content-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npoisoned!",
                "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n!"
            })
    void bytesAfterTheAnswerEndTheConnectionAndReachNobody(String rest) {
        backend.enqueue(raw(OK + rest));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.text()).isEqualTo("{}");
        assertThat(response.complete()).isTrue();
        assertNextRequestHasAFreshConnection();
    }

    @Test
    void bytesOnAnIdleConnectionEndIt() {
        CountDownLatch idle = new CountDownLatch(1);
        backend.enqueue((request, peer) -> {
            peer.json("{}");
            idle.await();
            peer.sendRaw(OK + "content-length: 9\r\n\r\npoisoned!");
        });
        gateway.start();
        gateway.post();
        Await.until("the connection is idle", () -> gateway.seen("a").idleConnections() == 1);

        idle.countDown();

        Await.until("it is gone", () -> gateway.seen("a").idleConnections() == 0);
        assertThat(gateway.post().text()).isEqualTo("{}");
    }

    @ParameterizedTest
    @CsvSource({"204, ''", "304, 'content-length: 5\r\n'", "204, 'content-length: 5\r\n'"})
    void statusesWithoutABodyHaveNoneWhateverTheFieldsSay(int status, String field) {
        backend.enqueue(raw("HTTP/1.1 " + status + " None\r\n" + field + "\r\n"));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.complete()).isTrue();
        assertThat(response.text()).isEmpty();
        assertNextRequestReusesTheConnection();
    }

    @Test
    void anAnswerToHeadHasNoBodyWhateverItsLengthSays() {
        backend.enqueue(raw(OK + "content-length: 5\r\n\r\n"));
        gateway.start();
        RawClient client = gateway.client();
        client.sendRequest("HEAD /v1/files/1", "");

        RawResponse response = client.readResponse(true);

        assertThat(response.header("content-length")).isEqualTo("5");
        assertNextRequestReusesTheConnection();
    }

    @Test
    void aBodyThatEndsWithTheConnectionIsComplete() {
        backend.enqueue((request, peer) -> {
            peer.sendRaw(OK + "\r\nuntil the end");
            peer.close();
        });
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.text()).isEqualTo("until the end");
        assertThat(response.complete()).isTrue();
        assertThat(gateway.events().seen()).isEmpty();
        assertNextRequestHasAFreshConnection();
    }

    @Test
    void aBodyThatEndsWithTheConnectionIsCutWhenThatIsReset() {
        CountDownLatch seen = new CountDownLatch(1);
        backend.enqueue((request, peer) -> {
            peer.sendRaw(OK + "\r\nuntil the end");
            seen.await();
            peer.reset();
        });
        gateway.start();
        RawClient client = gateway.ask();
        client.readHead();
        client.readChunk();
        seen.countDown();

        assertThat(client.readRest().complete()).isFalse();
        assertThat(gateway.events().seen()).containsExactly("failed a cut");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nconnection: close",
                "HTTP/1.1 200 OK\r\nconnection: x, Close",
                "HTTP/1.0 200 OK"
            })
    void aBackendThatWillCloseIsTakenAtItsWord(String head) {
        backend.enqueue(raw(head + "\r\ncontent-length: 2\r\n\r\n{}"));
        gateway.start();

        assertThat(gateway.post().complete()).isTrue();
        assertThat(gateway.seen("a").idleConnections()).isZero();
        assertNextRequestHasAFreshConnection();
    }

    @Test
    void anHttp10BackendMayKeepItsConnection() {
        backend.enqueue(raw("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}"));
        gateway.start();

        assertThat(gateway.post().complete()).isTrue();
        assertNextRequestReusesTheConnection();
    }

    @Test
    void trailersAndChunkExtensionsStayBehind() {
        backend.enqueue(raw(OK + "transfer-encoding: chunked\r\n\r\n2;ext=1\r\n{}\r\n0\r\nx-late: 1\r\n\r\n"));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.text()).isEqualTo("{}");
        assertThat(response.trailers().fields()).isEmpty();
        assertThat(response.chunkHeads()).containsExactly("2");
        assertNextRequestReusesTheConnection();
    }

    @Test
    void anAnswerBeforeTheEndOfAnUploadIsDeliveredAndTheConnectionNotUsedAgain() {
        backend.fake().answerBeforeBody();
        backend.enqueue((request, peer) -> {
            peer.respond(413, "enough");
            peer.awaitClientGone(Duration.ofSeconds(5));
        });
        gateway.start();
        RawClient client = gateway.client();
        client.send("POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 50000000\r\n\r\n");
        client.sendInBackground(new byte[16 * 1024], 50_000_000);

        RawResponse response = client.readResponse();

        assertThat(response.status()).isEqualTo(413);
        assertThat(response.text()).isEqualTo("enough");
        assertThat(response.header("connection")).isEqualTo("close");
        assertThat(gateway.seen("a").idleConnections()).isZero();
    }

    @Test
    void aStreamedUploadArrivesAsItWasSent() {
        gateway.start();
        RawClient client = gateway.client();
        client.send("POST /v1/files?x=1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
        client.send("5;ext=1\r\nhello\r\n");
        client.send("6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n");

        assertThat(client.readResponse().status()).isEqualTo(200);
        ReceivedRequest received = backend.awaitRequest(1);
        assertThat(received.text()).isEqualTo("hello world");
        assertThat(received.target()).isEqualTo("/v1/files?x=1");
        assertThat(received.trailers().fields()).isEmpty();
        assertThat(received.chunkHeads()).noneMatch(head -> head.contains("ext"));
    }
}

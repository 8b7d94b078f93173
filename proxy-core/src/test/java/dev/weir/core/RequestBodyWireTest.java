package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of requests, collected and streamed, whole and broken (RFC 9112 sections 6 and 7). */
final class RequestBodyWireTest {
    private static final String CHUNKED = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String CHUNKED_STREAM = CHUNKED.replace("/echo", "/stream");

    private final Served.ByTest stream = new Served.ByTest();
    private final TestGateway gateway = TestGateway.start(TestGateway.client("/stream", stream));

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void announcedBodyIsCollected() {
        RawResponse answer = RawClient.post(gateway.port(), "/echo", "{\"a\": 1}");
        assertThat(answer.text()).isEqualTo("{\"a\": 1}");
        assertThat(gateway.awaitEnded().progress().requestBytes()).isEqualTo(8);
    }

    @Test
    void missingBodyIsAnEmptyOne() {
        RawResponse answer = RawClient.post(gateway.port(), "/echo", "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEmpty();
    }

    @Test
    void largeBodyIsCollectedWhole() {
        String body = "0123456789abcdef".repeat((int) TestGateway.MAX_BODY_BYTES / 16);
        assertThat(RawClient.post(gateway.port(), "/echo", body).text()).isEqualTo(body);
    }

    @Test
    void chunksAreJoinedAndTheirExtensionsAndTrailersDropped() {
        try (RawClient client = gateway.connect()) {
            client.send(
                    CHUNKED + "3;a\r\nabc\r\n0000000000000000000000A ; b=c ;d=\"x;\\\"\r\\n\"\r\n".replace("\r\\n", "")
                            + "0123456789\r\n0\r\nHost: evil\r\nContent-Length: 7\r\nX: y\r\n\r\n");
            assertThat(client.readResponse().text()).isEqualTo("abc0123456789");
            client.sendRequest("POST /echo", "next");
            assertThat(client.readResponse().text()).isEqualTo("next");
        }
    }

    @Test
    void bodyMayArriveByteByByte() {
        try (RawClient client = gateway.connect()) {
            client.sendSlowly(
                    (CHUNKED + "5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nT: u\r\n\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1),
                    1,
                    50_000);
            assertThat(client.readResponse().text()).isEqualTo("hello world");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\\r\\n",
                "x\\r\\n",
                "-1\\r\\nab\\r\\n",
                "+1\\r\\na\\r\\n",
                "0x1\\r\\na\\r\\n",
                " 1\\r\\na\\r\\n",
                "1 \\r\\na\\r\\n",
                "1 x\\r\\na\\r\\n",
                "1,1\\r\\na\\r\\n",
                "1\\na\\r\\n",
                "1\\ra\\r\\n",
                "2\\r\\nab\\n",
                "2\\r\\nabc\\r\\n",
                "2\\r\\nabX",
                "2\\r\\nab\\rX",
                "1\\r\\nab",
                "ffffffffffffffff\\r\\na",
                "10000000000000000\\r\\na",
                "0000000000000000ffffffffffffffff\\r\\na",
                "1;\\r\\na\\r\\n",
                "1;=x\\r\\na\\r\\n",
                "1;a=\\r\\na\\r\\n",
                "1;a b\\r\\na\\r\\n",
                "1;a\\x00\\r\\na\\r\\n",
                "1;a=\"\\r\\na\\r\\n",
                "1;a=\"\\\\\\r\\na\\r\\n",
                "1;a=\"\\\\\\x01\"\\r\\na\\r\\n",
                "1;a=\"b\\nc\"\\r\\na\\r\\n",
                "1;a\\rb\\r\\na\\r\\n",
                "0\\r\\nX : 1\\r\\n\\r\\n",
                "0\\r\\n X: 1\\r\\n\\r\\n",
                "0\\r\\nX: a\\x00\\r\\n\\r\\n",
                "0\\r\\nX\\r\\n\\r\\n",
                "0\\r\\nX: 1\\n\\r\\n",
                "0\\r\\n\\n",
            })
    void brokenChunksAreRefusedAndTheConnectionEnds(String chunks) {
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED);
            client.send(MalformedRequestWireTest.bytes("1\\r\\n.\\r\\n" + chunks));
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.header("connection")).isEqualTo("close");
            client.expectClosed();
        }
        assertThat(gateway.awaitEnded().error()).isEqualTo(GatewayError.BAD_REQUEST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\\r\\n", "1\\r\\nab\\r\\n", "0\\r\\nX : 1\\r\\n\\r\\n", "1;\\r\\na\\r\\n"})
    void brokenChunksNeverCompleteAStreamedBody(String chunks) {
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED_STREAM + "3\r\nabc\r\n");
            Served served = stream.await();
            served.awaitReceived("abc");
            client.send(MalformedRequestWireTest.bytes(chunks));
            assertThat(client.readResponse().status()).isEqualTo(400);
            served.awaitCancelled();
            assertThat(served.lasts()).isZero();
            client.expectClosed();
        }
        assertThat(gateway.awaitEnded().error()).isEqualTo(GatewayError.BAD_REQUEST);
    }

    @Test
    void brokenChunksAfterTheResponseBeganCutIt() {
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED_STREAM + "3\r\nabc\r\n");
            Served served = stream.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("part");
            client.send("x\r\n");
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("part");
            assertThat(answer.complete()).isFalse();
            served.awaitCancelled();
            assertThat(served.lasts()).isZero();
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CUT);
    }

    @Test
    void endlessChunkLineIsRefused() {
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED + "1;" + "x".repeat(5_000));
            assertThat(client.readResponse().status()).isEqualTo(400);
        }
    }

    @Test
    void extensionsTogetherAreBounded() {
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED + ("1;" + "x".repeat(1_000) + "\r\na\r\n").repeat(20));
            assertThat(client.readResponse().status()).isEqualTo(400);
        }
    }

    @Test
    void trailersAreBounded() {
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED + "0\r\n" + "X: 1\r\n".repeat(300));
            assertThat(client.readResponse().status()).isEqualTo(413);
        }
    }

    @Test
    void announcedBodyBeyondTheRoutesLimitIs413BeforeItIsSent() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.header("connection")).isEqualTo("close");
            client.expectClosed();
        }
        assertThat(gateway.awaitEnded().error()).isEqualTo(GatewayError.BODY_TOO_LARGE);
    }

    @Test
    void hugeAnnouncementIs413() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n");
            assertThat(client.readResponse().status()).isEqualTo(413);
        }
    }

    @Test
    void chunkedBodyBeyondTheRoutesLimitIs413() {
        String chunk = "8000\r\n" + "x".repeat(0x8000) + "\r\n";
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED);
            for (int sent = 0; sent <= TestGateway.MAX_BODY_BYTES; sent += 0x8000) {
                client.send(chunk);
            }
            assertThat(client.readResponse().status()).isEqualTo(413);
            client.expectClosed();
        }
        TestGateway.Ended ended = gateway.awaitEnded();
        assertThat(ended.error()).isEqualTo(GatewayError.BODY_TOO_LARGE);
        assertThat(ended.progress().requestBytes()).isLessThanOrEqualTo(TestGateway.MAX_BODY_BYTES + 0x8000);
    }

    @Test
    void streamedBodyBeyondTheRoutesLimitIs413AndNeverComplete() {
        String chunk = "8000\r\n" + "x".repeat(0x8000) + "\r\n";
        try (RawClient client = gateway.connect()) {
            client.send(CHUNKED_STREAM);
            for (int sent = 0; sent <= TestGateway.MAX_BODY_BYTES; sent += 0x8000) {
                client.send(chunk);
            }
            Served served = stream.await();
            assertThat(client.readResponse().status()).isEqualTo(413);
            served.awaitCancelled();
            assertThat(served.lasts()).isZero();
        }
    }

    @Test
    void announcedStreamBeyondTheRoutesLimitIs413() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
            assertThat(client.readResponse().status()).isEqualTo(413);
            Served served = stream.await();
            served.awaitCancelled();
            assertThat(served.cancels()).isEqualTo(1);
        }
    }

    @Test
    void streamedBodyArrivesInPartsAndEndsOnce() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
            Served served = stream.await();
            served.awaitReceived("abc");
            assertThat(served.lasts()).isZero();
            client.send("def");
            served.awaitReceived("abcdef");
            served.awaitLast();
            served.writeHead(200, 0);
            served.writeLast("");
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
        TestGateway.Ended ended = gateway.awaitEnded();
        assertThat(ended.end()).isEqualTo(Outcome.End.ANSWERED);
        assertThat(ended.progress().requestBytes()).isEqualTo(6);
    }

    @Test
    void streamWithoutABodyEndsAtOnce() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /stream", "");
            Served served = stream.await();
            served.awaitLast();
            assertThat(served.received()).isEmpty();
        }
    }

    @Test
    void bytesAfterTheAnnouncedBodyAreTheNextRequest() {
        try (RawClient client = gateway.connect()) {
            client.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabPOST /echo HTTP/1.1\r\nHost: a\r\n"
                            + "Content-Length: 2\r\n\r\ncd");
            assertThat(client.readResponse().text()).isEqualTo("ab");
            assertThat(client.readResponse().text()).isEqualTo("cd");
        }
    }

    @Test
    void bytesAfterARequestWithoutABodyAreTheNextRequest() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /health", "");
            client.send("(2345678");
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(client.readResponse().status()).isEqualTo(400);
            client.expectClosed();
        }
    }
}

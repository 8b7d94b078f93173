package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How answers stand on the wire, whole and cut (RFC 9112 sections 6 and 8). */
final class ResponseFramingWireTest {
    private static final String GET_MANUAL_10 = "GET /manual HTTP/1.0\r\n\r\n";

    private final Served.ByTest manual = new Served.ByTest();
    private final TestGateway gateway = TestGateway.start(TestGateway.client("/manual", manual));

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void bodyOfUnknownLengthIsChunked() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("hello ");
            served.write("");
            served.write("x".repeat(70_000));
            served.writeLast("");
            RawResponse answer = client.readResponse();
            assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 200 OK");
            assertThat(answer.header("transfer-encoding")).isEqualTo("chunked");
            assertThat(answer.headers().has("content-length")).isFalse();
            assertThat(answer.headers().has("date")).isTrue();
            assertThat(answer.chunkSizes()).containsExactly(6, 70_000);
            assertThat(answer.complete()).isTrue();
        }
        TestGateway.Ended ended = gateway.awaitEnded();
        assertThat(ended.progress().status()).isEqualTo(200);
        assertThat(ended.progress().responseBytes()).isEqualTo(70_006);
    }

    @Test
    void everyFlushArrivesAtOnce() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            assertThat(client.readHead().status()).isEqualTo(200);
            for (int i = 0; i < 20; i++) {
                served.write("event " + i);
                assertThat(client.readChunk()).asString().isEqualTo("event " + i);
            }
            served.writeLast("");
            assertThat(client.readChunk()).isNull();
            assertThat(client.bodyComplete()).isTrue();
        }
    }

    @Test
    void bodyOfKnownLengthIsSentAsItIs() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(404, 11);
            served.write("hello ");
            served.writeLast("world");
            RawResponse answer = client.readResponse();
            assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 404 Not Found");
            assertThat(answer.header("content-length")).isEqualTo("11");
            assertThat(answer.headers().has("transfer-encoding")).isFalse();
            assertThat(answer.text()).isEqualTo("hello world");
        }
    }

    @Test
    void oldClientGetsABodyThatEndsWithTheConnection() {
        try (RawClient client = gateway.connect()) {
            client.send(GET_MANUAL_10);
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("hello ");
            served.writeLast("world");
            RawResponse answer = client.readResponse();
            assertThat(answer.headers().has("transfer-encoding")).isFalse();
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.text()).isEqualTo("hello world");
            assertThat(answer.complete()).isTrue();
        }
    }

    @Test
    void oldClientThatWantsToStayGetsABodyThatEndsWithTheConnectionAllTheSame() {
        try (RawClient client = gateway.connect()) {
            client.send("GET /manual HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.writeLast("hello");
            RawResponse answer = client.readResponse();
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.text()).isEqualTo("hello");
            assertThat(answer.complete()).isTrue();
        }
    }

    @Test
    void fieldsOfTheConnectionAreNotTheEndpoints() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.run(to -> {
                Headers headers = new Headers()
                        .add("Connection", "close")
                        .add("Keep-Alive", "timeout=5")
                        .add("Transfer-Encoding", "gzip")
                        .add("Content-Length", "99")
                        .add("Upgrade", "h2c")
                        .add("X-Request-Id", "another")
                        .add("Date", "yesterday")
                        .add("X-Own", "kept");
                to.writeHead(new ResponseHead(200, "OK", headers, 2));
                to.writeBody(Served.buffer("ok"), true);
                to.flush();
            });
            RawResponse answer = client.readResponse();
            assertThat(answer.headers().fields())
                    .extracting(field -> field.name().toLowerCase(Locale.ROOT))
                    .containsExactly("date", "x-own", "x-request-id", "content-length");
            assertThat(answer.header("date")).isEqualTo("yesterday");
            assertThat(answer.header("x-request-id")).isNotEqualTo("another");
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\u007fb", "a\u0100b"})
    void responseSplittingIsRefused(String text) {
        Headers headers = new Headers();
        assertThatThrownBy(() -> headers.add("X", text)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> headers.set("X", text)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> headers.add(text, "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ResponseHead(200, text, headers, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(headers.size()).isZero();
    }

    @Test
    void chunkedBodyIsCutByTheMissingLastChunk() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("part");
            served.fail(GatewayError.BACKEND_FAILED);
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("part");
            assertThat(answer.complete()).isFalse();
            assertThat(served.cancels()).isEqualTo(1);
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CUT);
    }

    @Test
    void bodyOfKnownLengthIsCutBeforeItsEnd() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 100);
            served.write("part");
            served.fail(GatewayError.BACKEND_FAILED);
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("part");
            assertThat(answer.complete()).isFalse();
        }
    }

    @Test
    void bodyThatEndsWithTheConnectionIsCutByAReset() {
        try (RawClient client = gateway.connect()) {
            client.send(GET_MANUAL_10);
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("part");
            client.readHead();
            served.fail(GatewayError.BACKEND_FAILED);
            client.expectReset();
        }
    }

    @Test
    void bodyShorterThanAnnouncedIsCut() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 100);
            served.writeLast("short");
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("short");
            assertThat(answer.complete()).isFalse();
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CUT);
    }

    @Test
    void bodyLongerThanAnnouncedIsCutAndNoByteTooManyIsSent() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 5);
            served.write("four");
            served.write("and more");
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("four");
            assertThat(answer.complete()).isFalse();
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CUT);
    }

    @Test
    void cutThatFollowsAnAnnouncementReachesAClientThatIsStillSending() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /manual HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            client.sendInBackground(new byte[10_000], 1_000_000);
            served.write("the last words");
            served.fail(GatewayError.BACKEND_FAILED);
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("the last words");
            assertThat(answer.complete()).isFalse();
        }
    }

    @Test
    void secondHeadIsIgnored() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 2);
            served.writeHead(500, 2);
            served.writeLast("ok");
            assertThat(client.readResponse().text()).isEqualTo("ok");
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @Test
    void failureAfterTheEndIsIgnored() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 2);
            served.writeLast("ok");
            served.fail(GatewayError.BACKEND_FAILED);
            assertThat(client.readResponse().text()).isEqualTo("ok");
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
            assertThat(served.cancels()).isEqualTo(1);
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.ANSWERED);
    }
}

package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the guard in front of the routes refuses, and what it lets through (RFC 9112 sections 2 to 7). In the tables
 * {@code \r}, {@code \n}, {@code \t} and {@code \xHH} stand for bytes; {@code H} for a valid Host field.
 */
final class MalformedRequestWireTest {
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        gateway = TestGateway.start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    @AfterEach
    void nothingElseHappened() {
        assertThat(gateway.takeRest()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // The request line: single spaces, one token, one target, one version (RFC 9112 section 3).
                "400|GET /health\\r\\n",
                "400|GET  /health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET\\t/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET\\x0b/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /health\\tHTTP/1.1\\r\\nH\\r\\n",
                "400|GET /health HTTP/1.1 \\r\\nH\\r\\n",
                "400|GET /health  HTTP/1.1\\r\\nH\\r\\n",
                "400|\\x20GET /health HTTP/1.1\\r\\nH\\r\\n",
                "400|GE(T /health HTTP/1.1\\r\\nH\\r\\n",
                "400|G\\xc9T /health HTTP/1.1\\r\\nH\\r\\n",
                "400|\\x00GET /health HTTP/1.1\\r\\nH\\r\\n",
                "400|\\x16\\x03\\x01\\x02\\x00",
                "400|\\r\\n\\r\\n\\r\\nGET /health HTTP/1.1\\r\\nH\\r\\n",
                "501|GETGETGETGETGETGETGETGETGETGETGET /health HTTP/1.1\\r\\nH\\r\\n",
                // The version (section 2.3).
                "400|GET /health HTTP/1\\r\\nH\\r\\n",
                "400|GET /health HTTP/11\\r\\nH\\r\\n",
                "400|GET /health HTTP/1.10\\r\\nH\\r\\n",
                "400|GET /health http/1.1\\r\\nH\\r\\n",
                "400|GET /health HTTPS/1.1\\r\\nH\\r\\n",
                "400|GET /health HTTP/1.x\\r\\nH\\r\\n",
                "400|GET /health HTTP 1.1\\r\\nH\\r\\n",
                "505|GET /health HTTP/2.0\\r\\nH\\r\\n",
                "505|GET /health HTTP/0.9\\r\\nH\\r\\n",
                "505|PRI * HTTP/2.0\\r\\n\\r\\n",
                // The target (section 3.2).
                "400|GET health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET * HTTP/1.1\\r\\nH\\r\\n",
                "400|GET a:80 HTTP/1.1\\r\\nH\\r\\n",
                "400|GET ftp://a/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET http:///health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET http://u@a/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET http://a:99999/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /heal\\x00th HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /heal\\x7fth HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /heal\\xe9th HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /health#x HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /health%zz HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /health%4 HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /health%00 HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1/..%c0%afhealth HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1/%C1%9chealth HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1/../health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1/%2e%2E/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1/.;a/health HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1%2f..%2fhealth HTTP/1.1\\r\\nH\\r\\n",
                "400|GET /v1\\\\..\\\\health HTTP/1.1\\r\\nH\\r\\n",
                "405|CONNECT a:80 HTTP/1.1\\r\\nH\\r\\n",
                "405|TRACE /health HTTP/1.1\\r\\nH\\r\\n",
                // The host (section 3.2, RFC 9110 section 7.2).
                "400|GET /health HTTP/1.1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost:\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a\\r\\nHost: a\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a\\r\\nhost: b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.0\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a, b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: u@a\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a/b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a:b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a:65536\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: [::1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: [xyz]\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: [1:2:3]\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a%zz\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: h\\xe9\\r\\n\\r\\n",
                "400|GET http://a/health HTTP/1.1\\r\\n\\r\\n",
                // Field lines (section 5).
                "400|GET /health HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH: 1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X : 1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X\\t: 1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X(: 1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X\\xe9: 1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\n X: 1\\r\\nH\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X: 1\\r\\n folded\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X: 1\\r\\n\\tfolded\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X: a\\x00b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X: a\\x01b\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X: a\\x7fb\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nH X: a\\rb\\r\\n\\r\\n",
                // Line ends (section 2.2).
                "400|GET /health HTTP/1.1\\nHost: a\\n\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a\\nX: 1\\r\\n\\r\\n",
                "400|GET /health HTTP/1.1\\r\\nHost: a\\r\\n\\n",
                "400|GET /health HTTP/1.1\\r\\r\\nHost: a\\r\\n\\r\\n",
                "400|\\nGET /health HTTP/1.1\\r\\nH\\r\\n",
                // Content-Length (section 6.3).
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: +2\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: -2\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 0x2\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 2 2\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 2,2\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 2.0\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length:\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: two\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 2\\r\\nContent-Length: 2\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 2\\r\\nContent-Length: 3\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 9223372036854775808\\r\\n\\r\\nab",
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 18446744073709551618\\r\\n\\r\\nab",
                "400|GET /health HTTP/1.0\\r\\nH Content-Length: x\\r\\n\\r\\n",
                // Transfer-Encoding (section 6.1).
                "400|POST /echo HTTP/1.1\\r\\nH Content-Length: 2\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: chunked\\r\\nContent-Length: 2\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: chunked, chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: chunked, gzip\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: chunked, xchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: identity\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: \\x0bchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding : chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: \"chunked\"\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding:\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /echo HTTP/1.0\\r\\nH Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "501|POST /echo HTTP/1.1\\r\\nH Transfer-Encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "417|POST /echo HTTP/1.1\\r\\nH Expect: 200-ok\\r\\nContent-Length: 2\\r\\n\\r\\n",
                "417|POST /echo HTTP/1.1\\r\\nH Expect: 100-continue\\r\\nExpect: x\\r\\nContent-Length: 2\\r\\n\\r\\n",
                // A draft of WebSocket, whose eight bytes behind the head no framing announces.
                "400|GET /health HTTP/1.1\\r\\nH Sec-WebSocket-Key1: 1\\r\\nSec-WebSocket-Key2: 2\\r\\n\\r\\n12345678",
            })
    void refusedAndTheConnectionEnds(int status, String request) {
        try (RawClient client = gateway.connect()) {
            client.send(bytes(request));
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.header("x-request-id")).hasSizeGreaterThan(8);
            assertThat(answer.text()).startsWith("{\"error\":{\"message\":\"");
            client.expectClosed();
        }
        assertThat(gateway.awaitRefused()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /health HTTP/1.1\\r\\nH\\r\\n",
                "GET /health HTTP/1.2\\r\\nH\\r\\n",
                "GET /health HTTP/1.9\\r\\nH\\r\\n",
                "GET /health HTTP/1.0\\r\\n\\r\\n",
                "\\r\\nGET /health HTTP/1.1\\r\\nH\\r\\n",
                "GET /health?name=%C0&a=%20b&c=../d HTTP/1.1\\r\\nH\\r\\n",
                "GET http://b/health HTTP/1.1\\r\\nH\\r\\n",
                "GET HTTPS://b:8080/health?x HTTP/1.1\\r\\nH\\r\\n",
                "BREW /health HTTP/1.1\\r\\nH\\r\\n",
                "GET /health HTTP/1.1\\r\\nhOST:   a.b-c.d:80 \\t\\r\\n\\r\\n",
                "GET /health HTTP/1.1\\r\\nHost: [2001:db8::1]:443\\r\\n\\r\\n",
                "GET /health HTTP/1.1\\r\\nH X-Empty:\\r\\nX-Tab: a\\tb\\r\\nX-Obs: \\xe9\\r\\n!#$%&'*+-.^_`~|: 1\\r\\n\\r\\n",
                "POST /health HTTP/1.1\\r\\nH Content-Length: 00000000000000002\\r\\n\\r\\nab",
                "POST /health HTTP/1.1\\r\\nH Transfer-Encoding: ChUnKeD\\r\\n\\r\\n2\\r\\nab\\r\\n0\\r\\n\\r\\n",
                "GET /health HTTP/1.1\\r\\nH Upgrade: h2c\\r\\nConnection: Upgrade, HTTP2-Settings\\r\\nHTTP2-Settings: x\\r\\n\\r\\n",
                "POST /health HTTP/1.1\\r\\nH Content-Length: 0000000000000000000000000000002\\r\\n\\r\\nab",
                "GET /health HTTP/1.1\\r\\nH Expect: 100-continue\\r\\nExpect: 100-Continue\\r\\n\\r\\n",
                "GET /health HTTP/1.1\\r\\nHost: a%41b\\r\\n\\r\\n",
            })
    void acceptedAndAnsweredByTheRoute(String request) {
        try (RawClient client = gateway.connect()) {
            client.send(bytes(request));
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("ok");
        }
        gateway.awaitEnded();
    }

    @Test
    void longTargetsAreAcceptedAndTooLongOnesAre414() {
        assertThat(RawClient.get(gateway.port(), "/health?" + "x".repeat(8000)).status())
                .isEqualTo(200);
        assertThat(RawClient.get(gateway.port(), "/health?" + "x".repeat(17_000))
                        .status())
                .isEqualTo(414);
        gateway.awaitEnded();
        assertThat(gateway.awaitRefused()).isEqualTo(414);
    }

    @Test
    void requestLineWithoutEndIs414() {
        try (RawClient client = gateway.connect()) {
            client.send("GET /" + "x".repeat(20_000));
            assertThat(client.readResponse().status()).isEqualTo(414);
        }
        assertThat(gateway.awaitRefused()).isEqualTo(414);
    }

    @Test
    void headerSectionBeyondItsBytesIs431() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /health", "", "X: " + "x".repeat(33_000));
            assertThat(client.readResponse().status()).isEqualTo(431);
            client.expectClosed();
        }
        assertThat(gateway.awaitRefused()).isEqualTo(431);
    }

    @Test
    void headerFieldWithoutEndIs431() {
        try (RawClient client = gateway.connect()) {
            client.send("GET /health HTTP/1.1\r\nX: " + "x".repeat(40_000));
            assertThat(client.readResponse().status()).isEqualTo(431);
        }
        assertThat(gateway.awaitRefused()).isEqualTo(431);
    }

    @Test
    void moreThanTwoHundredFieldsAre431() {
        assertThat(statusWithFields(199)).isEqualTo(200);
        gateway.awaitEnded();
        assertThat(statusWithFields(200)).isEqualTo(431);
        assertThat(gateway.awaitRefused()).isEqualTo(431);
    }

    private static int statusWithFields(int besidesHost) {
        try (RawClient client = gateway.connect()) {
            client.send("GET /health HTTP/1.1\r\nHost: a\r\n" + "X: 1\r\n".repeat(besidesHost) + "\r\n");
            return client.readResponse().status();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HEAD /health HTTP/1.1\\r\\n\\r\\n",
                "HEAD /health HTTP/1.1\\r\\nH X : y\\r\\n\\r\\n",
                "HEAD /health HTTP/1.1\\r\\nH Expect: x\\r\\n\\r\\n"
            })
    void refusedHeadIsAnsweredWithoutABody(String request) {
        try (RawClient client = gateway.connect()) {
            client.send(bytes(request));
            assertThat(client.readResponse(true).status()).isIn(400, 417);
            client.expectClosed();
        }
        gateway.awaitRefused();
    }

    @Test
    void nothingAfterARefusedRequestIsProcessed() {
        try (RawClient client = gateway.connect()) {
            client.send("GET /health HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(client.readResponse().status()).isEqualTo(400);
            client.expectClosed();
        }
        assertThat(gateway.awaitRefused()).isEqualTo(400);
    }

    @Test
    void headThatArrivesByteByByteIsUnderstood() {
        try (RawClient client = gateway.connect()) {
            client.sendSlowly(bytes("\\r\\nGET /health HTTP/1.1\\r\\nHost: a\\r\\nX: 1\\r\\n\\r\\n"), 1, 100_000);
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
        gateway.awaitEnded();
    }

    static byte[] bytes(String escaped) {
        String text = escaped.replace("\\nH ", "\\nHost: a\\r\\n").replace("\\nH\\r\\n", "\\nHost: a\\r\\n\\r\\n");
        byte[] bytes = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes[length++] = (byte) c;
                continue;
            }
            char kind = text.charAt(++i);
            switch (kind) {
                case 'r' -> bytes[length++] = '\r';
                case 'n' -> bytes[length++] = '\n';
                case 't' -> bytes[length++] = '\t';
                case 'x' -> {
                    bytes[length++] = (byte) Integer.parseInt(text.substring(i + 1, i + 3), 16);
                    i += 2;
                }
                default -> bytes[length++] = (byte) kind;
            }
        }
        return Arrays.copyOf(bytes, length);
    }
}

package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests of clients that may ask, with a framing, a target or a field that may mean two things: refused with the status
 * that says why, the connection ended, nothing behind them processed, no byte of them at the backend, and nobody blamed.
 */
class RefusedRequestsWireTest {
    @RegisterExtension
    static final SafetyFixture SAFETY = new SafetyFixture();

    private static final String SMUGGLED =
            "POST /v1/chat/completions HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // Two framings, or one that may be read in two ways (RFC 9112 sections 6.1 and 6.3).
                "400|{chat}Content-Length: 27\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\nContent-Length: 27\\r\\n\\r\\n1b\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Content-Length: 27\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 27\\r\\nContent-Length: 0\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 27, 27\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: +27\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: -27\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 0x1b\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 27abc\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 2 7\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 99999999999999999999\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 18446744073709551643\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length :27\\r\\n\\r\\n{body}",
                "400|{chat}Content-Length: 27\\r\\nTransfer-Encoding : chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Content-Length: 27\\r\\nTransfer-Encoding:\\r\\n chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked, identity\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: identity, chunked, chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\nTransfer-Encoding: identity\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\x00\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: \\x0bchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "501|{chat}Transfer-Encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "400|POST /v1/chat/completions HTTP/1.0\\r\\n{key}Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                // Chunks (section 7.1).
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b\\r\\n{body}\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n0x1b\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n-1b\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b \\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1000000000000001b\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b;a=\"\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b;\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1a\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b\\r\\n{body}0\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b\\r\\n{body}\\r\\n0\\r\\n bad\\r\\n\\r\\n",
                "400|{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b\\r\\n{body}\\r\\n0\\r\\nX: y\\n\\r\\n",
                // Lines and fields (sections 2.2 and 5).
                "400|{chat}X: a\\x00b\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}X: a\\rContent-Length: 0\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}X: a\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}X: a\\r\\n\\tfolded\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}X\\t: a\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}X[: a\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}: a\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}X\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|{chat}Host: b\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|POST /v1/chat/completions HTTP/1.1\\r\\n Host: a\\r\\n{key}\\r\\n",
                // The request line (section 3).
                "400|POST  /v1/chat/completions HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST\\x0b/v1/chat/completions HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST /v1/chat/completions HTTP/1.1 x\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST /v1/chat/completions http/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "505|POST /v1/chat/completions HTTP/2.0\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST v1/chat/completions HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST * HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST /v1/chat/completions%00 HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST /v1/chat\\xc3\\xa9 HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "400|POST /relay/../v1/chat/completions HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "405|CONNECT a:80 HTTP/1.1\\r\\n{key}\\r\\n",
                "405|TRACE /relay/x HTTP/1.1\\r\\n{key}\\r\\n",
                // What Weir would have to understand to pass it on.
                "417|{chat}Expect: a-miracle\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "400|GET /relay/x HTTP/1.1\\r\\n{key}Sec-WebSocket-Key1: 1\\r\\nSec-WebSocket-Key2: 2\\r\\n\\r\\n12345678",
                "413|{chat}Content-Length: 33554433\\r\\n\\r\\n",
                "413|{chat}Content-Length: 999999999999999999\\r\\n\\r\\n",
            })
    void nothingOfThemReachesTheBackend(int status, String request) {
        int before = SAFETY.forwarded().size();
        double failures = SAFETY.failures();
        try (RawClient client = SAFETY.connect()) {
            client.send(SafetyFixture.bytes(request + SMUGGLED));
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.text()).contains("\"error\":");
            client.expectClosed();
        }
        assertThat(SAFETY.forwarded()).hasSize(before);
        assertThat(SAFETY.failures()).isEqualTo(failures);
    }

    @Test
    void aThousandOfThemEjectNobody() {
        for (int i = 0; i < 1_000; i++) {
            try (RawClient client = SAFETY.connect()) {
                client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n");
                assertThat(client.readResponse().status()).isEqualTo(400);
            }
        }
        assertThat(SAFETY.gateway()
                        .post("/v1/chat/completions", SafetyFixture.BODY)
                        .statusCode())
                .isEqualTo(200);
    }
}

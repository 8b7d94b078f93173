package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What backends may answer, and what becomes of it at the client of a whole gateway. {@code OK} stands for a status line,
 * {@code END} for a length of two and its body. Whatever came, the next request gets an answer of its own.
 */
class BackendAnswersWireTest {
    @RegisterExtension
    static final SafetyFixture SAFETY = new SafetyFixture();

    private static String expanded(String answer) {
        String text = answer.replace("OK|", "HTTP/1.1 200 OK\\r\\n").replace("END", "Content-Length: 2\\r\\n\\r\\n{}");
        return new String(SafetyFixture.bytes(text), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            quoteCharacter = '`',
            value = {
                // The status line (RFC 9112 section 4).
                "200!OK|END",
                "200!HTTP/1.1 200\\r\\nEND",
                "200!HTTP/1.1 200 \\xe9\\r\\nEND",
                "200!HTTP/1.7 200 OK\\r\\nEND",
                "299!HTTP/1.1 299 Odd\\r\\nEND",
                "418!HTTP/1.1 418 Teapot\\r\\nEND",
                "502!HTTP/1.1 2000 OK\\r\\nEND",
                "502!HTTP/1.1 20 OK\\r\\nEND",
                "502!HTTP/1.1 099 OK\\r\\nEND",
                "502!HTTP/1.1 600 OK\\r\\nEND",
                "502!HTTP/2.0 200 OK\\r\\nEND",
                "502!http/1.1 200 OK\\r\\nEND",
                "502!HTTP/1.1  200 OK\\r\\nEND",
                "502!HTTP/1.1 200 OK\\nEND",
                "502!\\x15\\x03\\x03\\x00\\x02\\x02\\x46",
                "502!hello",
                // Framing (section 6.3).
                "502!OK|Content-Length: 2\\r\\nEND",
                "502!OK|Content-Length: 2, 2\\r\\n\\r\\n{}",
                "502!OK|Content-Length: 2\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\n{}\\r\\n0\\r\\n\\r\\n",
                "502!OK|Content-Length: +2\\r\\n\\r\\n{}",
                "502!OK|Content-Length: 99999999999999999999\\r\\n\\r\\n{}",
                "502!OK|Transfer-Encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "502!OK|Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "502!HTTP/1.0 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
                "200!OK|Transfer-Encoding: Chunked\\r\\n\\r\\n00002;a=\"b\"\\r\\n{}\\r\\n0\\r\\nX: y\\r\\n\\r\\n",
                "204!HTTP/1.1 204 None\\r\\nContent-Length: 2\\r\\n\\r\\n",
                "304!HTTP/1.1 304 Same\\r\\nContent-Length: 2\\r\\n\\r\\n",
                // Fields (section 5).
                "200!OK|X : a\\r\\nEND",
                "502!OK|X: a\\r\\n folded\\r\\nEND",
                "502!OK|X: a\\x00\\r\\nEND",
                "502!OK|X: a\\rb\\r\\nEND",
                "502!OK|X\\r\\nEND",
                "502!OK|X: a\\nEND",
                // Interim answers (RFC 9110 section 15.2).
                "200!HTTP/1.1 103 Early Hints\\r\\nLink: x\\r\\n\\r\\nHTTP/1.1 100 Continue\\r\\n\\r\\nOK|END",
                "502!HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: upgrade\\r\\n\\r\\n",
            })
    void theClientGetsItWholeOrA502(int status, String answer) {
        SAFETY.backend().enqueue((request, peer) -> peer.sendRaw(expanded(answer)));
        try (RawClient client = SAFETY.connect()) {
            client.sendRequest(
                    "POST /v1/chat/completions", SafetyFixture.BODY, "Authorization: Bearer " + TestGateway.KEY);
            RawResponse first = client.readResponse();
            assertThat(first.status()).as(first.toString()).isEqualTo(status);
            assertThat(first.complete()).isTrue();
            client.sendRequest(
                    "POST /v1/chat/completions", SafetyFixture.BODY, "Authorization: Bearer " + TestGateway.KEY);
            RawResponse second = client.readResponse();
            assertThat(second.status()).as(second.toString()).isEqualTo(200);
            assertThat(second.text()).isEqualTo("{}");
        }
    }

    @Test
    void whatFollowsAnAnswerIsNobodys() {
        SAFETY.backend()
                .enqueue((request, peer) ->
                        peer.sendRaw(expanded("OK|ENDHTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\npoison")));
        try (RawClient client = SAFETY.connect()) {
            for (int i = 0; i < 3; i++) {
                client.sendRequest("GET /relay/x", "", "Authorization: Bearer " + TestGateway.KEY);
                assertThat(client.readResponse().text()).isEqualTo("{}");
            }
        }
    }
}

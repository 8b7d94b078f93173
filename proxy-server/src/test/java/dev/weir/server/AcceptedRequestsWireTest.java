package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that look odd and mean one thing: the backend gets them once, in framing of Weir's own making, and the request
 * behind them on the connection is answered as its own.
 */
class AcceptedRequestsWireTest {
    private static final List<String> OF_ONE_HOP = List.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings",
            "expect",
            "authorization",
            "accept-encoding",
            "origin",
            "forwarded");

    @RegisterExtension
    static final SafetyFixture SAFETY = new SafetyFixture();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{chat}Content-Length: 27\\r\\n\\r\\n{body}",
                "{chat}content-length:27\\r\\n\\r\\n{body}",
                "{chat}Content-Length: \\t 00000000000000000000000027 \\t\\r\\n\\r\\n{body}",
                "\\r\\n{chat}Content-Length: 27\\r\\n\\r\\n{body}",
                "{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b\\r\\n{body}\\r\\n0\\r\\n\\r\\n",
                "{chat}Transfer-Encoding: CHUNKED\\r\\n\\r\\n00000000000000000001B\\r\\n{body}\\r\\n000\\r\\n\\r\\n",
                "{chat}Transfer-Encoding: chunked\\r\\n\\r\\n1b;a;b=c;d=\"e;\\\\\"f\"\\r\\n{body}\\r\\n0;x=y\\r\\n\\r\\n",
                "{chat}Transfer-Encoding: chunked\\r\\nTrailer: Host\\r\\n\\r\\n1b\\r\\n{body}\\r\\n0\\r\\nHost: evil\\r\\n"
                        + "Content-Length: 5\\r\\nAuthorization: x\\r\\nTransfer-Encoding: x\\r\\n\\r\\n",
                "POST /v1/chat/completions HTTP/1.2\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "POST /v1/chat/completions HTTP/1.0\\r\\n{key}Connection: keep-alive\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "POST http://other.example:8080/v1/chat/completions HTTP/1.1\\r\\n{key}Content-Length: 27\\r\\n\\r\\n{body}",
                "{chat}Connection: Upgrade, HTTP2-Settings\\r\\nUpgrade: h2c\\r\\nHTTP2-Settings: AAMAAABk\\r\\n"
                        + "Content-Length: 27\\r\\n\\r\\n{body}",
                "{chat}Connection: keep-alive, TE, X-Hop\\r\\nX-Hop: 1\\r\\nTE: trailers, deflate\\r\\nKeep-Alive: timeout=9\\r\\n"
                        + "Proxy-Connection: keep-alive\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "{chat}Connection: Host, Content-Length, Authorization, Content-Type\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "{chat}X-Api-Key: sk-other\\r\\nProxy-Authorization: Basic eA==\\r\\nOrigin: http://a\\r\\n"
                        + "Accept-Encoding: gzip\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "{chat}Forwarded: for=6.6.6.6\\r\\nX-Forwarded-For: 6.6.6.6\\r\\nX-Real-IP: 6.6.6.6\\r\\n"
                        + "X-Forwarded-Host: evil\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "{chat}Content_Length: 5\\r\\nTransfer_Encoding: chunked\\r\\nX_Y: 1\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
                "{chat}X-Empty:\\r\\nX-Obs: \\xe9\\r\\nX-Tab: a\\tb\\r\\nContent-Length: 27\\r\\n\\r\\n{body}",
            })
    void oneMeaningOnceAndNothingLeftOver(String request) {
        int before = SAFETY.forwarded().size();
        try (RawClient client = SAFETY.connect()) {
            client.send(SafetyFixture.bytes(request + "GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"));
            assertThat(client.readResponse().status()).isEqualTo(200);
            RawResponse next = client.readResponse();
            assertThat(next.text()).contains("\"ok\":");
        }
        assertThat(SAFETY.forwarded()).hasSize(before + 1);
        ReceivedRequest received = SAFETY.forwarded().get(before);
        assertThat(received.requestLine()).isEqualTo("POST /v1/chat/completions HTTP/1.1");
        assertThat(received.text()).isEqualTo(SafetyFixture.BODY);
        assertThat(received.headers().all("content-length")).containsExactly("27");
        assertThat(received.headers().all("host"))
                .containsExactly("127.0.0.1:" + SAFETY.backend().port());
        assertThat(received.headers().all("x-forwarded-for")).containsExactly("127.0.0.1");
        assertThat(received.headers().all("x-real-ip")).containsExactly("127.0.0.1");
        assertThat(received.headers().all("via")).containsExactly("1.1 weir");
        assertThat(received.headers().all("content-type")).containsExactly("application/json");
        assertThat(received.rawHead()).doesNotContain("_", "sk-", "X-Hop", "evil");
        assertThat(OF_ONE_HOP).noneMatch(name -> received.headers().has(name));
    }

    @ParameterizedTest
    @CsvSource({
        "OPTIONS, *, 204",
        "OPTIONS, /v1/chat/completions, 204",
        "GET, /v1/chat/completions, 405",
        "BREW, /v1/chat/completions, 405"
    })
    void methodsThatAreNotOfferedAreNamed(String method, String target, int status) {
        try (RawClient client = SAFETY.connect()) {
            client.send(SafetyFixture.bytes(method + ' ' + target + " HTTP/1.1\\r\\n{key}\\r\\n"));
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("allow")).contains("OPTIONS");
        }
    }

    @Test
    void requestsBehindEachOtherAreAnsweredInOrderEachWithItsOwn() {
        SAFETY.backend().onRequest((request, peer) -> peer.json("{\"target\": \"" + request.target() + "\"}"));
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            all.append("GET /relay/").append(i).append(" HTTP/1.1\\r\\n{key}\\r\\n");
        }
        try (RawClient client = SAFETY.connect()) {
            client.send(SafetyFixture.bytes(all.toString()));
            for (int i = 0; i < 50; i++) {
                assertThat(client.readResponse().text()).isEqualTo("{\"target\": \"/relay/" + i + "\"}");
            }
        } finally {
            SAFETY.backend().onRequest(Script.ok("{}"));
        }
    }

    @Test
    void aBodyOnGetGoesAlongAndDoesNotBecomeARequest() {
        int before = SAFETY.forwarded().size();
        try (RawClient client = SAFETY.connect()) {
            client.send(
                    SafetyFixture.bytes(
                            "GET /relay/x HTTP/1.1\\r\\n{key}Content-Length: 34\\r\\n\\r\\nGET /relay/y HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"));
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
        assertThat(SAFETY.forwarded()).hasSize(before + 1);
        assertThat(SAFETY.forwarded().get(before).text()).startsWith("GET /relay/y");
    }
}

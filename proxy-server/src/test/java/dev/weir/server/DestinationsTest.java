package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where Weir connects to stands in its configuration: nothing that a client sends adds an address to it. */
class DestinationsTest {
    private final FakeBackend backend = FakeBackend.start();
    private final FakeBackend canary = FakeBackend.start();
    private final TestGateway gateway = TestGateway.start("""
            backends: {b: {url: "%s", kind: ollama}}
            backend_defaults: {health: {interval: 1h}}
            discover_models: false
            models: {m: {targets: [{backend: b, model: m}]}}
            routes: [{path: "/relay/*", backend: b}]
            """.formatted(backend.url()));

    @AfterEach
    void stop() {
        gateway.close();
        canary.close();
        backend.close();
    }

    static Stream<String> requests() {
        String chat = "POST /v1/chat/completions HTTP/1.1|Host: a|{'model':'m','messages':[]}";
        return Stream.of(
                "GET CANARY/v1/models HTTP/1.1|Host: a|",
                "POST CANARY/v1/chat/completions HTTP/1.1|Host: a|{'model':'m','messages':[]}",
                "POST CANARY/relay/x HTTP/1.1|Host: a|{}",
                "CONNECT AUTHORITY HTTP/1.1|Host: AUTHORITY|",
                chat.replace("Host: a", "Host: AUTHORITY"),
                chat.replace("Host: a", "Host: a\r\nX-Forwarded-Host: AUTHORITY\r\nForwarded: host=AUTHORITY"),
                chat.replace("Host: a", "Host: a\r\nX-Weir-Backend: CANARY\r\nX-Original-URL: CANARY/x"),
                chat.replace("Host: a", "Host: a\r\nReferer: CANARY/\r\nX-Callback-URL: CANARY/\r\nLink: <CANARY/>"),
                chat.replace("'m'", "'CANARY/m'"),
                chat.replace("'m'", "'AUTHORITY/library/m:latest'"),
                chat.replace(
                        "[]", "[{'role':'user','content':[{'type':'image_url','image_url':{'url':'CANARY/i.png'}}]}]"),
                chat.replace("'m',", "'m','backend':'CANARY','base_url':'CANARY','api_base':'CANARY',"),
                "POST /v1/embeddings HTTP/1.1|Host: a|{'model':'m','input':'CANARY/'}",
                "POST /api/show HTTP/1.1|Host: a|{'model':'CANARY/m'}",
                "POST /management/models/pull HTTP/1.1|Host: a|{'model':'m','backend':'CANARY'}",
                "POST /management/models/pull HTTP/1.1|Host: a|{'model':'AUTHORITY/library/m','insecure':true}",
                "POST /management/models/delete HTTP/1.1|Host: a|{'model':'m','backend':'AUTHORITY'}",
                "POST /management/backends/AUTHORITY/enable HTTP/1.1|Host: a|{}",
                "GET /relay/CANARY/ HTTP/1.1|Host: a|",
                "GET /relay//AUTHORITY/x HTTP/1.1|Host: a|",
                "GET /relay/@AUTHORITY/x HTTP/1.1|Host: a|",
                "GET //AUTHORITY/relay/x HTTP/1.1|Host: a|");
    }

    @ParameterizedTest
    @MethodSource("requests")
    void nothingAClientSendsIsConnectedTo(String request) {
        String[] parts = TestGateway.quoted(request)
                .replace("CANARY", canary.url())
                .replace("AUTHORITY", "127.0.0.1:" + canary.port())
                .split("\\|", -1);
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.send(parts[0] + "\r\n" + parts[1] + "\r\nAuthorization: Bearer " + TestGateway.KEY
                    + "\r\nContent-Type: application/json\r\nContent-Length: " + parts[2].length() + "\r\n\r\n"
                    + parts[2]);
            assertThat(client.readResponse().status()).isBetween(200, 599);
        }
        assertThat(canary.acceptedConnections()).isZero();
    }

    @Test
    void aRedirectOfABackendIsNotFollowed() {
        backend.onRequest((request, peer) -> peer.respond(307, "", "Location: " + canary.url() + "/x"));

        RawResponse answer = RawClient.post(
                gateway.port(),
                "/v1/chat/completions",
                "{\"model\":\"m\",\"messages\":[]}",
                "Authorization: Bearer " + TestGateway.KEY);

        assertThat(answer.status()).isEqualTo(307);
        assertThat(canary.acceptedConnections()).isZero();
    }
}

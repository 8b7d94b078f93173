package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gateway answers at which path. */
class RoutesTest {
    private static final String KEY = "authorization: Bearer " + TestGateway.KEY;

    private final FakeBackend backend = FakeBackend.start();
    private TestGateway gateway;

    @BeforeEach
    void start() {
        gateway = TestGateway.start("""
                server: {max_body_bytes: 64KiB}
                backends: {a: {url: "%s", kind: openai}}
                models: {chat: {targets: [{backend: a, model: m}]}}
                discover_models: false
                routes:
                  - {path: "/v1/files*", backend: a}
                  - {path: /v1/embeddings, backend: a, pipeline: []}
                """.formatted(backend.url()));
    }

    @AfterEach
    void stop() {
        gateway.close();
        backend.close();
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/chat/completions, 'OPTIONS, POST'",
        "DELETE, /v1/chat/completions, 'OPTIONS, POST'",
        "POST, /v1/models, 'GET, HEAD, OPTIONS'",
        "POST, /healthz, 'GET, HEAD, OPTIONS'",
        "PUT, /management/config, 'GET, HEAD, OPTIONS'",
    })
    void anotherMethodIsRefusedWithThoseThatAreOffered(String method, String path, String allowed) {
        HttpResponse<String> answer = gateway.send(method, path, "", "authorization", "Bearer " + TestGateway.KEY);

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().allValues("allow")).containsExactly(allowed);
        assertThat(json(answer).at("/error/code").asText()).isEqualTo("method_not_supported");
        assertThat(json(answer).at("/error/message").asText()).contains(method, allowed);
    }

    @Test
    void optionsNamesTheMethodsWithoutAKey() {
        HttpResponse<String> answer = gateway.send("OPTIONS", "/v1/chat/completions", "");

        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.headers().firstValue("allow")).contains("OPTIONS, POST");
    }

    @Test
    void optionsOfTheServerAsAWholeIsAnswered() {
        RawResponse answer;
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.sendRequest("OPTIONS *", "");
            answer = client.readResponse();
        }
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("allow")).contains("GET");
    }

    @Test
    void headIsAnsweredAsGetWithoutItsBody() {
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.sendRequest("HEAD /v1/models", "", KEY);
            RawResponse head = client.readResponse(true);
            client.sendRequest("GET /v1/models", "", KEY);
            RawResponse get = client.readResponse();

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("content-length")).isEqualTo(Integer.toString(get.body().length));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/nothing, nothing is served at this path",
        "/v2/chat/completions, nothing is served at this path",
        "/management/nothing, nothing is served at this path",
        "/v1/threads, this request names no model",
    })
    void aPathWithoutRouteIsNotFoundAndSaysWhy(String path, String message) {
        HttpResponse<String> answer = gateway.get(path);

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(json(answer).at("/error/code").asText()).isEqualTo("not_found");
        assertThat(json(answer).at("/error/message").asText()).startsWith(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/rerank", "/v1/moderations", "/v1/images/generations", "/v1/anything/else", "/rerank"})
    void aPostThatNamesAModelGoesWhereTheModelIs(String path) {
        backend.onRequest(Script.ok("{\"done\": true}"));

        HttpResponse<String> answer = gateway.post(path, "{'model': 'chat', 'query': 'x'}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-weir-model")).contains("chat");
        assertThat(requests(path))
                .singleElement()
                .satisfies(request -> assertThat(request).contains("\"m\""));
    }

    /** The bodies that the backend got at a path, which it knows with {@code /v1}. */
    private List<String> requests(String path) {
        String target = path.startsWith("/v1") ? path : "/v1" + path;
        return backend.requests().stream()
                .filter(request ->
                        request.target().equals(target) && request.method().equals("POST"))
                .map(request -> request.text())
                .toList();
    }

    @Test
    void aConfiguredRouteStandsBeforeTheBuiltInOnes() {
        backend.onRequest(Script.ok("{\"relayed\": true}"));

        HttpResponse<String> answer = gateway.send("POST", "/v1/embeddings", "{'model': 'unknown'}");

        assertThat(answer.statusCode())
                .as("its pipeline is empty, so nobody asks for a key")
                .isEqualTo(200);
        assertThat(answer.body()).contains("relayed");
        assertThat(requests("/v1/embeddings")).containsExactly("{\"model\": \"unknown\"}");
    }

    @Test
    void aRelayPassesMethodPathAndQueryAsTheyAre() {
        HttpResponse<String> answer =
                gateway.send("DELETE", "/v1/files/a%2Fb?x=1&y", "", "authorization", "Bearer " + TestGateway.KEY);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(backend.requests())
                .anyMatch(request -> request.requestLine().equals("DELETE /v1/files/a%2Fb?x=1&y HTTP/1.1"));
        assertThat(answer.headers().firstValue("x-weir-backend")).contains("a");
    }

    @Test
    void aRelayNeedsAKeyLikeTheOthers() {
        assertThat(gateway.send("GET", "/v1/files", "").statusCode()).isEqualTo(401);
        assertThat(backend.requests()).noneMatch(request -> request.target().startsWith("/v1/files"));
    }

    @Test
    void aRelayedBodyIsBoundedToo() {
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.send("POST /v1/files HTTP/1.1\r\nhost: x\r\n" + KEY + "\r\ncontent-length: 1000000\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(413);
        }
    }
}

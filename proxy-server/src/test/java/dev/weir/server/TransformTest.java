package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.ReceivedRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The {@code transform} middleware in the whole gateway: what reaches the backend, and what comes back. */
class TransformTest {
    private final FakeBackend backend = FakeBackend.start();
    private TestGateway gateway;

    @BeforeEach
    void start() {
        backend.onRequest((request, peer) -> peer.respond(
                200, "{}", "content-type: application/json", "X-Powered-By: backend", "X-Cache-Control: backend"));
        gateway = TestGateway.start("""
                backends: {a: {url: "%s", kind: openai}}
                models:
                  chat:
                    targets: [{backend: a, model: m}]
                    parameters: {default: {temperature: 0.2}, max: {max_tokens: 100}, drop: [user]}
                  plain: {targets: [{backend: a, model: plain}]}
                discover_models: false
                routes:
                  - {path: "/v1/files*", backend: a}
                  - {path: /v1/moderations, pipeline: [auth, transform], middleware: {transform: {headers: {request: {set: {X-Team: other}}}}}}
                middleware:
                  transform:
                    headers:
                      request: {set: {X-Team: a}, remove: [X-Secret]}
                      response: {set: {X-Cache-Control: weir}, remove: [x-powered-by]}
                """.formatted(backend.url()));
    }

    @AfterEach
    void stop() {
        gateway.close();
        backend.close();
    }

    private List<ReceivedRequest> posts() {
        return backend.requests().stream()
                .filter(request -> request.method().equals("POST"))
                .toList();
    }

    @Test
    void parametersOfTheModelGovernTheBody() {
        gateway.post("/v1/chat/completions", "{ 'user':'u', 'model':'chat', 'max_completion_tokens': 500, 'x':[ 1 ] }");

        assertThat(posts())
                .singleElement()
                .satisfies(request -> assertThat(request.text())
                        .isEqualTo(TestGateway.quoted(
                                "{ 'model':'m', 'max_completion_tokens': 100, 'x':[ 1 ]," + "'temperature':0.2 }")));
    }

    @Test
    void aModelWithoutParametersIsLeftAlone() {
        String body = "{ 'user':'u', 'model':'plain', 'max_completion_tokens': 500 }";

        gateway.post("/v1/chat/completions", body);

        assertThat(posts())
                .singleElement()
                .satisfies(request -> assertThat(request.text()).isEqualTo(TestGateway.quoted(body)));
    }

    @Test
    void headersAreSetAndRemovedBothWays() {
        HttpResponse<String> answer = gateway.send(
                "POST",
                "/v1/chat/completions",
                "{'model':'plain'}",
                "authorization",
                "Bearer " + TestGateway.KEY,
                "x-team",
                "client",
                "x-secret",
                "s",
                "x-kept",
                "k");

        assertThat(answer.headers().allValues("x-cache-control")).containsExactly("weir");
        assertThat(answer.headers().allValues("x-powered-by")).isEmpty();
        assertThat(posts()).singleElement().satisfies(request -> {
            assertThat(request.headers().all("x-team")).containsExactly("a");
            assertThat(request.headers().all("x-secret")).isEmpty();
            assertThat(request.headers().all("x-kept")).containsExactly("k");
        });
    }

    @Test
    void aRouteMayHaveSettingsOfItsOwn() {
        gateway.post("/v1/moderations", "{'model':'plain'}");

        assertThat(posts())
                .singleElement()
                .satisfies(
                        request -> assertThat(request.headers().all("x-team")).containsExactly("other"));
    }

    @Test
    void relayedBodiesStreamOn() {
        gateway.send("POST", "/v1/files", "{'user': 'u'}", "authorization", "Bearer " + TestGateway.KEY);

        assertThat(posts()).singleElement().satisfies(request -> {
            assertThat(request.text()).isEqualTo("{\"user\": \"u\"}");
            assertThat(request.headers().all("x-team")).containsExactly("a");
        });
    }
}

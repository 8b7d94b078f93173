package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No spelling of a path leads a client's key to management, here or at a backend. */
class PathConfusionWireTest {
    private static FakeBackend backend;
    private static TestGateway gateway;
    private static TestGateway apart;
    private static String clientKey;

    @BeforeAll
    static void start() {
        backend = FakeBackend.start();
        String yaml = """
                backends: {b: {url: "%s", kind: openai}}
                backend_defaults: {health: {interval: 1h}}
                discover_models: false
                models: {m: {targets: [{backend: b, model: m}]}}
                routes: [{path: "/relay/*", backend: b}]
                """.formatted(backend.url());
        gateway = TestGateway.start(yaml);
        apart = TestGateway.start("server: {admin_listen: \"127.0.0.1:0\"}\n" + yaml);
        JsonNode made = TestGateway.json(gateway.post("/management/keys", "{'name':'client'}"));
        clientKey = made.path("key").asText();
    }

    @AfterAll
    static void stop() {
        apart.close();
        gateway.close();
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/management/config",
                "/management/config/",
                "/management/config?x=/v1/models",
                "/management/config;x",
                "/management;x/config",
                "/management/./config",
                "/management//config",
                "//management/config",
                "///management/config",
                "/./management/config",
                "/v1/../management/config",
                "/v1/..;/management/config",
                "/v1/..;a=b/management/config",
                "/v1/%2e%2e/management/config",
                "/v1/.%2E/management/config",
                "/v1/%252e%252e/management/config",
                "/v1/..%2fmanagement/config",
                "/v1/..%5cmanagement/config",
                "/v1/..\\management\\config",
                "/v1%2f..%2fmanagement%2fconfig",
                "/v1/models/../../management/config",
                "/v1/models/%2e%2e/%2e%2e/management/config",
                "/relay/../management/config",
                "/relay/%2e%2e%2fmanagement/config",
                "/healthz/../management/config",
                "/healthz;/../management/config",
                "/%6danagement/config",
                "/management%2fconfig",
                "/%2fmanagement/config",
                "/MANAGEMENT/config",
                "/Management/Config",
                "\\management\\config",
                "/management\\config",
                "/management/config%00",
                "/management/config%20",
                "/management/config%0a",
                "http://a/management/config",
                "http://127.0.0.1/v1/../management/config",
                "http://a//management/config",
                "https://a/%6danagement/config",
                "http://a?/../management/config",
                "/relay/..%c0%afmanagement/config",
                "/relay/%u002e%u002e/management/config"
            })
    void aClientsKeyDoesNotReachManagement(String target) {
        assertRefused(gateway, target);
    }

    /** On a listener that does not offer management even the master key finds none. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/management/config",
                "//management/config",
                "/v1/..;/management/config",
                "/%6danagement/config",
                "http://a/management/config",
                "/MANAGEMENT/config",
                "/metrics",
                "//metrics",
                "/metrics/"
            })
    void aListenerWithoutManagementHasNone(String target) {
        RawResponse answer = ask(apart, "GET", target, TestGateway.KEY);

        assertThat(answer.status()).isIn(400, 404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS", "get", "BREW"})
    void noMethodOpensIt(String method) {
        RawResponse answer = ask(gateway, method, "/management/config", clientKey);

        assertThat(answer.status()).isIn(204, 400, 401, 403, 404, 405);
        assertThat(answer.text()).doesNotContain("backends", "llm");
    }

    /** Whatever rewriting rules other servers know, a field does not change where a request goes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Original-URL: /management/config",
                "X-Rewrite-URL: /management/config",
                "X-Forwarded-Prefix: /management",
                "X-HTTP-Method-Override: DELETE",
                "X-Forwarded-For: 127.0.0.1",
                "Forwarded: for=127.0.0.1;host=management"
            })
    void noFieldOpensIt(String field) {
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.sendRequest("GET /v1/models", "", "Authorization: Bearer " + clientKey, field);
            assertThat(client.readResponse().text())
                    .contains("\"object\":\"list\"")
                    .doesNotContain("backends");
        }
    }

    private static void assertRefused(TestGateway asked, String target) {
        int before = backend.requests().size();
        RawResponse answer = ask(asked, "GET", target, clientKey);
        assertThat(answer.status()).as(answer.toString()).isIn(200, 400, 401, 403, 404, 405);
        assertThat(answer.text()).doesNotContain("master_key", "\"server\"", "pipeline");
        if (answer.status() == 200) {
            // Something else of the client's own: "/", or what the path relays to, with no dots in it.
            assertThat(answer.text()).isIn("Ollama is running", "{}");
            backend.requests().stream()
                    .skip(before)
                    .forEach(request ->
                            assertThat(request.target()).startsWith("/relay/").doesNotContain("/.."));
        }
    }

    private static RawResponse ask(TestGateway asked, String method, String target, String key) {
        try (RawClient client = RawClient.connect(asked.port())) {
            client.sendRequest(method + " " + target, "", "Authorization: Bearer " + key);
            return client.readResponse(method.equals("HEAD"));
        }
    }
}

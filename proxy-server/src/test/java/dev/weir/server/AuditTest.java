package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code /management/audit} and {@code /management/conversations}, of a whole gateway. */
class AuditTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "{'model': 'phi3', 'stream': %s, 'messages': [{'role': 'user', 'content': 'Hello there, sim'}]}";

    private final SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
    private final TestGateway gateway = TestGateway.start("""
            backends: {a: {url: "%s"}}
            models: {phi3: {targets: [{backend: a, model: phi3}]}}
            discover_models: false
            middleware: {audit: {bodies: true}}
            """.formatted(sim.url()));

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
    }

    private HttpResponse<String> manage(String path) {
        return gateway.send("GET", "/management/" + path, "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    private HttpResponse<String> chat(String requestId, String body, String... conversation) {
        String name = conversation.length == 0 ? requestId : conversation[0];
        return gateway.send(
                "POST",
                CHAT,
                body,
                "authorization",
                "Bearer " + TestGateway.KEY,
                "x-request-id",
                requestId,
                "x-conversation-id",
                name);
    }

    @Test
    void aChatIsFoundWithWhoWhatAndWhere() {
        assertThat(chat("r-1", HELLO.formatted("false")).statusCode()).isEqualTo(200);

        JsonNode page = json(manage("audit?model=phi3&status=2xx&q=hello"));
        assertThat(page.path("data")).hasSize(1);
        assertThat(page.path("next_cursor").isNull()).isTrue();
        JsonNode entry = page.at("/data/0");
        assertThat(entry.path("request_id").asText()).isEqualTo("r-1");
        assertThat(entry.path("time").asText()).matches("20\\d\\d-\\d\\d-\\d\\dT.*\\.\\d{3}Z");
        assertThat(entry.path("key").asText()).isEqualTo("master");
        assertThat(entry.path("backend").asText()).isEqualTo("a");
        assertThat(entry.path("served_model").asText()).isEqualTo("phi3");
        assertThat(entry.path("tokens").asInt()).isPositive();
        assertThat(entry.path("tokens_estimated").asBoolean()).isFalse();
        assertThat(entry.has("request_body")).isFalse();

        JsonNode whole = json(manage("audit/r-1"));
        assertThat(whole.path("request_body").asText()).contains("Hello there, sim");
        assertThat(whole.path("response_body").asText()).contains("\"choices\"");
        assertThat(whole.path("response_body_truncated").asBoolean()).isFalse();
    }

    @Test
    void refusalsAndUnknownPathsAreFound() {
        gateway.send(
                "POST", CHAT, HELLO.formatted("false"), "authorization", "Bearer sk-wrong", "x-request-id", "r-401");
        gateway.send("GET", "/nowhere", "", "x-request-id", "r-404");

        assertThat(json(manage("audit/r-401")).path("error").asText()).isEqualTo("invalid_api_key");
        assertThat(json(manage("audit?status=404")).at("/data/0/request_id").asText())
                .isEqualTo("r-404");
        assertThat(manage("audit/r-401").body()).doesNotContain("sk-wrong");
    }

    @Test
    void aConversationIsShownAsWhatWasSaid() {
        chat("r-1", HELLO.formatted("true"), "talk");
        String said =
                json(manage("conversations/talk")).at("/messages/1/content").asText();
        assertThat(said).isNotEmpty();
        chat(
                "r-2",
                "{'model': 'phi3', 'messages': [{'role': 'user', 'content': 'Hello there, sim'}, "
                        + "{'role': 'assistant', 'content': '"
                        + said.replace("'", "").replace("\n", "\\n") + "'}, "
                        + "{'role': 'user', 'content': 'And again'}]}",
                "talk");

        JsonNode list = json(manage("conversations"));
        assertThat(list.path("data")).hasSize(1);
        assertThat(list.at("/data/0/id").asText()).isEqualTo("talk");
        assertThat(list.at("/data/0/title").asText()).isEqualTo("Hello there, sim");
        assertThat(list.at("/data/0/requests").asInt()).isEqualTo(2);
        JsonNode talk = json(manage("conversations/talk"));
        assertThat(talk.path("request_ids").toString()).isEqualTo("[\"r-1\",\"r-2\"]");
        assertThat(talk.path("messages").findValuesAsText("role"))
                .containsExactly("user", "assistant", "user", "assistant");
        assertThat(talk.at("/messages/2/content").asText()).isEqualTo("And again");
    }

    @Test
    void whatMakesNoSenseIsA400AndWhatIsNotThereA404() {
        assertThat(manage("audit?status=abc").statusCode()).isEqualTo(400);
        assertThat(manage("audit?limit=0").body()).contains("limit: 0 (expected: 1 to 1000)");
        assertThat(manage("audit?from=yesterday").statusCode()).isEqualTo(400);
        assertThat(manage("audit?cursor=x").statusCode()).isEqualTo(400);
        assertThat(json(manage("audit?cursor=x")).at("/error/param").asText()).isEqualTo("cursor");
        assertThat(manage("audit?keys=x").body()).contains("keys: unknown parameter");
        assertThat(manage("audit/never-was").statusCode()).isEqualTo(404);
        assertThat(manage("conversations/never-was").statusCode()).isEqualTo(404);
        assertThat(gateway.send("GET", "/management/audit", "").statusCode()).isEqualTo(401);
    }
}

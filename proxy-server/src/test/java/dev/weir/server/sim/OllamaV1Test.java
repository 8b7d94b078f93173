package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Where Ollama's {@code /v1} differs from OpenAI's. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OllamaV1Test {
    private static final String SKY = "'model':'phi3','messages':[{'role':'user','content':'Why is the sky blue?'}]";

    private SimServer server;
    private SimClient client;

    @BeforeAll
    void start() throws IOException {
        server = SimServer.start(SimOptions.instant(SimKind.OLLAMA));
        client = new SimClient(server);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void everyDeltaHasTheRole() {
        HttpResponse<String> response = client.post(
                "/v1/chat/completions",
                "{'stream':true,'stream_options':{'include_usage':true},'max_tokens':2," + SKY + "}");
        List<JsonNode> events = SimClient.events(response.body());

        assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream");
        assertThat(events).hasSize(4);
        assertThat(events.subList(0, 3))
                .allMatch(
                        event -> event.at("/choices/0/delta/role").asText().equals("assistant") && !event.has("usage"));
        assertThat(events.get(3).at("/usage/completion_tokens").asInt()).isEqualTo(2);
        assertThat(response.body()).contains("\"system_fingerprint\":\"fp_ollama\"");
    }

    @Test
    void completionsSendZerosUntilTheUsageIsKnown() {
        List<JsonNode> events = SimClient.events(client.post(
                        "/v1/completions",
                        "{'model':'phi3','prompt':'x','stream':true,'max_tokens':1,"
                                + "'stream_options':{'include_usage':true}}")
                .body());

        assertThat(events.get(0).path("usage"))
                .hasToString("{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}");
        assertThat(events.get(2).at("/usage/total_tokens").asInt()).isEqualTo(2);
    }

    @Test
    void maxCompletionTokensIsNotKnown() {
        JsonNode answer = client.postJson("/v1/chat/completions", "{'max_completion_tokens':2," + SKY + "}");

        assertThat(answer.at("/usage/completion_tokens").asInt()).isGreaterThan(2);
    }

    @Test
    void errorsHaveNoCode() {
        HttpResponse<String> response = client.post("/v1/chat/completions", "{'model':'nope'}");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body())
                .isEqualTo("{\"error\":{\"message\":\"model \\\"nope\\\" not found, try pulling it first\","
                        + "\"type\":\"not_found_error\",\"param\":null,\"code\":null}}");
    }

    @Test
    void embeddingPutsTheIndexLast() {
        JsonNode answer = client.postJson("/v1/embeddings", "{'model':'all-minilm','input':'x'}");

        assertThat(SimClient.fields(answer.at("/data/0"))).containsExactly("object", "embedding", "index");
        assertThat(client.getJson("/v1/models").at("/data/0/owned_by").asText()).isEqualTo("library");
    }

    @Test
    void toolCallComesInOnePiece() {
        List<JsonNode> events =
                SimClient.events(client.post("/v1/chat/completions", """
                        {'model':'phi3','stream':true,'messages':[{'role':'user','content':'run ping'}],
                         'tools':[{'type':'function','function':{'name':'ping'}}]}""").body());

        assertThat(events).hasSize(2);
        assertThat(events.get(0)
                        .at("/choices/0/delta/tool_calls/0/function/arguments")
                        .asText())
                .isEqualTo("{}");
        assertThat(events.get(1).at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
    }
}

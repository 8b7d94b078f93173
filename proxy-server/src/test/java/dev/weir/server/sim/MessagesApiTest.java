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

/** Anthropic's Messages API. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MessagesApiTest {
    private static final String ASK = "'model':'phi3','max_tokens':200,'system':'Be kind.','messages':"
            + "[{'role':'user','content':[{'type':'text','text':'Describe rain.'}]}]";

    private SimServer server;
    private SimClient client;

    @BeforeAll
    void start() throws IOException {
        server = SimServer.start(SimOptions.instant(SimKind.OPENAI));
        client = new SimClient(server);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void wholeAnswerIsAMessage() {
        JsonNode answer = client.postJson("/v1/messages", "{" + ASK + "}");

        assertThat(SimClient.fields(answer))
                .containsExactly("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage");
        assertThat(answer.path("stop_reason").asText()).isEqualTo("end_turn");
        assertThat(answer.at("/usage/input_tokens").asInt()).isEqualTo(6);
        assertThat(answer.at("/content/0/text").asText()).endsWith(".");
    }

    @Test
    void streamIsNamedAndInOrder() {
        String stream =
                client.post("/v1/messages", "{'stream':true," + ASK + "}").body();
        List<JsonNode> events = SimClient.events(stream);
        StringBuilder text = new StringBuilder();
        events.forEach(event -> text.append(event.at("/delta/text").asText()));

        assertThat(stream.lines().filter(line -> line.startsWith("event: ")).distinct())
                .containsExactly(
                        "event: message_start",
                        "event: content_block_start",
                        "event: ping",
                        "event: content_block_delta",
                        "event: content_block_stop",
                        "event: message_delta",
                        "event: message_stop");
        assertThat(events.get(events.size() - 2).at("/usage/output_tokens").asInt())
                .isEqualTo(Tokens.count(text.toString()));
    }

    @Test
    void toolCallIsABlockWithJsonInput() {
        String ask = ASK.replace("Describe rain.", "use get_time")
                + ",'tools':[{'name':'get_time','input_schema':{'type':'object','properties':{'zone':{'type':'string'}}}}]";
        JsonNode answer = client.postJson("/v1/messages", "{" + ask + "}");
        List<JsonNode> events = SimClient.events(
                client.post("/v1/messages", "{'stream':true," + ask + "}").body());
        StringBuilder input = new StringBuilder();
        events.forEach(event -> input.append(event.at("/delta/partial_json").asText()));

        assertThat(answer.at("/content/0/type").asText()).isEqualTo("tool_use");
        assertThat(answer.path("stop_reason").asText()).isEqualTo("tool_use");
        assertThat(SimClient.json(input.toString())).isEqualTo(answer.at("/content/0/input"));
    }

    @Test
    void errorsAreInAnthropicsShape() {
        HttpResponse<String> response = client.post("/v1/messages", "{'model':'nope','max_tokens':1}");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).startsWith("{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\"");
        assertThat(client.post("/v1/messages", "{'model':'phi3','messages':[]}").statusCode())
                .isEqualTo(400);
    }

    @Test
    void tokensAreCounted() {
        assertThat(client.post("/v1/messages/count_tokens", "{" + ASK + "}").body())
                .isEqualTo("{\"input_tokens\":6}");
    }
}

package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** OpenAI's Responses API. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResponsesApiTest {
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
    void wholeAnswerHasOneMessage() {
        JsonNode answer = client.postJson("/v1/responses", "{'model':'phi3','input':'Describe rain.'}");

        assertThat(answer.path("object").asText()).isEqualTo("response");
        assertThat(answer.path("status").asText()).isEqualTo("completed");
        assertThat(answer.at("/output/0/content/0/type").asText()).isEqualTo("output_text");
        assertThat(answer.at("/usage/output_tokens").asInt())
                .isEqualTo(Tokens.count(answer.at("/output/0/content/0/text").asText()));
        assertThat(answer.at("/usage/input_tokens").asInt()).isEqualTo(3);
    }

    @Test
    void streamIsNumberedAndInOrder() {
        String stream = client.post("/v1/responses", "{'model':'phi3','input':'Describe rain.','stream':true}")
                .body();
        List<JsonNode> events = SimClient.events(stream);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i).path("sequence_number").asInt()).isEqualTo(i);
            text.append(events.get(i).path("delta").asText());
        }

        assertThat(events.stream().map(event -> event.path("type").asText()).distinct())
                .containsExactly(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(stream).startsWith("event: response.created\ndata: {\"type\":\"response.created\"");
        assertThat(stream).doesNotContain("[DONE]");
        assertThat(events.get(events.size() - 1)
                        .at("/response/output/0/content/0/text")
                        .asText())
                .isEqualTo(text.toString());
    }

    @Test
    void answerAtItsLimitIsIncomplete() {
        List<JsonNode> events = SimClient.events(client.post(
                        "/v1/responses",
                        "{'model':'phi3','input':[{'role':'user','content':[{'type':'input_text','text':'Hi'}]}],"
                                + "'stream':true,'max_output_tokens':2}")
                .body());
        JsonNode last = events.get(events.size() - 1);

        assertThat(last.path("type").asText()).isEqualTo("response.incomplete");
        assertThat(last.at("/response/incomplete_details/reason").asText()).isEqualTo("max_output_tokens");
    }

    @Test
    void toolCallIsItsOwnItem() {
        List<JsonNode> events = SimClient.events(client.post(
                        "/v1/responses",
                        "{'model':'phi3','input':'use get_time','stream':true,"
                                + "'tools':[{'type':'function','name':'get_time','parameters':{}}]}")
                .body());

        assertThat(events.stream().map(event -> event.path("type").asText()).distinct())
                .containsExactly(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.function_call_arguments.delta",
                        "response.function_call_arguments.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(events.get(events.size() - 1)
                        .at("/response/output/0/arguments")
                        .asText())
                .isEqualTo("{}");
    }
}

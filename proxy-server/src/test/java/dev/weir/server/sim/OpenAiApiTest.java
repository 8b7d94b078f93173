package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** OpenAI's API as an OpenAI-compatible server answers it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiApiTest {
    private static final String SKY = "'model':'phi3','messages':[{'role':'user','content':'Why is the sky blue?'}]";

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
    void chatAnswersWithUsage() {
        HttpResponse<String> response = client.post("/v1/chat/completions", "{" + SKY + "}");
        JsonNode answer = SimClient.json(response.body());
        JsonNode choice = answer.path("choices").path(0);

        assertThat(SimClient.fields(answer))
                .containsExactly("id", "object", "created", "model", "choices", "usage", "system_fingerprint");
        assertThat(SimClient.fields(choice)).containsExactly("index", "message", "logprobs", "finish_reason");
        assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
        assertThat(answer.path("usage").path("completion_tokens").asInt())
                .isEqualTo(Tokens.count(choice.path("message").path("content").asText()));
        assertThat(response.headers().firstValue("x-request-id").orElse("")).startsWith("req_");
    }

    @Test
    void streamEndsWithFinishAndDone() {
        HttpResponse<String> response =
                client.post("/v1/chat/completions", "{'stream':true,'max_completion_tokens':2," + SKY + "}");
        List<JsonNode> events = SimClient.events(response.body());

        assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(response.headers().firstValue("cache-control")).hasValue("no-cache");
        assertThat(response.body()).endsWith("\n\ndata: [DONE]\n\n");
        assertThat(events).hasSize(4).allMatch(event -> !event.has("usage"));
        assertThat(events.get(0).at("/choices/0/delta").toString())
                .isEqualTo("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}");
        assertThat(events.get(3).at("/choices/0/delta").toString()).isEqualTo("{}");
        assertThat(events.get(3).at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(events.stream().map(event -> event.path("id").asText()).distinct())
                .hasSize(1);
    }

    @Test
    void usageIsNullUntilTheLastChunkWhenAskedFor() {
        List<JsonNode> events = SimClient.events(client.post(
                        "/v1/chat/completions",
                        "{'stream':true,'stream_options':{'include_usage':true},'max_tokens':2," + SKY + "}")
                .body());
        JsonNode last = events.get(4);

        assertThat(events.subList(0, 4))
                .allMatch(event -> event.has("usage") && event.path("usage").isNull());
        assertThat(last.path("choices").toString()).isEqualTo("[]");
        assertThat(last.at("/usage/prompt_tokens").asInt()).isEqualTo(6);
        assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(2);
        assertThat(last.at("/usage/total_tokens").asInt()).isEqualTo(8);
    }

    @Test
    void toolCallIsStreamedInFragments() {
        List<JsonNode> events =
                SimClient.events(client.post("/v1/chat/completions", """
                        {'model':'phi3','stream':true,'messages':[{'role':'user','content':'run add_numbers'}],
                         'tools':[{'type':'function','function':{'name':'add_numbers','parameters':{'type':'object',
                         'properties':{'a':{'type':'integer'},'b':{'type':'number'}}}}}]}""").body());
        StringBuilder arguments = new StringBuilder();
        events.forEach(event -> arguments.append(
                event.at("/choices/0/delta/tool_calls/0/function/arguments").asText()));

        assertThat(events.get(0).at("/choices/0/delta/tool_calls/0/id").asText())
                .startsWith("call_");
        assertThat(events.get(0)
                        .at("/choices/0/delta/tool_calls/0/function/name")
                        .asText())
                .isEqualTo("add_numbers");
        assertThat(SimClient.fields(events.get(1).at("/choices/0/delta/tool_calls/0")))
                .containsExactly("index", "function");
        assertThat(arguments).hasToString("{\"a\":1,\"b\":1.5}");
        assertThat(events.get(events.size() - 1).at("/choices/0/finish_reason").asText())
                .isEqualTo("tool_calls");
    }

    @Test
    void toolCallWithoutStreamingHasNoContent() {
        JsonNode answer = client.postJson("/v1/chat/completions", """
                {'model':'phi3','messages':[{'role':'user','content':[{'type':'text','text':'run add_numbers'}]}],
                 'tools':[{'type':'function','function':{'name':'add_numbers'}}]}""");

        assertThat(answer.at("/choices/0/message/content").isNull()).isTrue();
        assertThat(answer.at("/choices/0/message/tool_calls/0/function/arguments")
                        .asText())
                .isEqualTo("{}");
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
    }

    @Test
    void ignoreEosGoesOnToTheMaximum() {
        JsonNode answer = client.postJson("/v1/chat/completions", "{'ignore_eos':true,'max_tokens':300," + SKY + "}");

        assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(300);
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    }

    @Test
    void completionsAnswerText() {
        JsonNode whole = client.postJson("/v1/completions", "{'model':'phi3','prompt':['Rain is'],'max_tokens':5}");
        String stream = client.post("/v1/completions", "{'model':'phi3','prompt':'Rain is','stream':true}")
                .body();

        assertThat(whole.path("object").asText()).isEqualTo("text_completion");
        assertThat(SimClient.fields(whole.path("choices").path(0)))
                .containsExactly("text", "index", "logprobs", "finish_reason");
        assertThat(SimClient.events(stream))
                .allMatch(event -> event.path("object").asText().equals("text_completion"));
        assertThat(stream).endsWith("data: [DONE]\n\n");
    }

    @Test
    void base64EmbeddingDecodesToTheFloats() {
        String body = "'model':'all-minilm','input':'a red fox','dimensions':64}";
        JsonNode floats = client.postJson("/v1/embeddings", "{" + body).at("/data/0/embedding");
        JsonNode packed = client.postJson("/v1/embeddings", "{'encoding_format':'base64'," + body);
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder()
                        .decode(packed.at("/data/0/embedding").asText()))
                .order(ByteOrder.LITTLE_ENDIAN);

        assertThat(floats).hasSize(64);
        for (JsonNode value : floats) {
            assertThat(bytes.getFloat()).isEqualTo(value.floatValue());
        }
        assertThat(bytes.hasRemaining()).isFalse();
        assertThat(SimClient.fields(packed)).containsExactly("object", "data", "model", "usage");
    }

    @Test
    void embeddingsTakeTextsAndTokenNumbers() {
        JsonNode answer = client.postJson("/v1/embeddings", "{'model':'all-minilm','input':[[1,2],[3]]}");

        assertThat(answer.path("data")).hasSize(2);
        assertThat(answer.at("/data/1/index").asInt()).isEqualTo(1);
        assertThat(client.post("/v1/embeddings", "{'model':'all-minilm','input':[]}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void modelsAreListedAndFoundByEncodedId() {
        assertThat(client.getJson("/v1/models").path("data")).hasSize(11);
        assertThat(client.getJson("/v1/models/llama3.2%3A3b").path("id").asText())
                .isEqualTo("llama3.2:3b");
        assertThat(client.getJson("/v1/models/library/phi3").path("object").asText())
                .isEqualTo("model");
        assertThat(client.get("/v1/models/none").statusCode()).isEqualTo(404);
    }

    @Test
    void errorsHaveAllFourKeys() {
        HttpResponse<String> response = client.post("/v1/chat/completions", "{'model':'nope'}");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body())
                .isEqualTo("{\"error\":{\"message\":\"The model `nope` does not exist or you do not have access to it."
                        + "\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"model_not_found\"}}");
        assertThat(client.postJson("/v1/chat/completions", "{'model':'phi3'}")
                        .at("/error/param")
                        .asText())
                .isEqualTo("messages");
        assertThat(client.get("/api/tags").statusCode()).isEqualTo(404);
        assertThat(client.getJson("/v1/chat/completions").at("/error/code").asText())
                .isEqualTo("method_not_supported");
    }

    @Test
    void apiKeyIsDemandedWhenConfigured() throws IOException {
        SimOptions options =
                SimOptions.instant(SimKind.OPENAI).toBuilder().apiKey("sk-one").build();
        try (SimServer guarded = SimServer.start(options)) {
            SimClient stranger = new SimClient(guarded);
            assertThat(stranger.get("/v1/models").statusCode()).isEqualTo(401);
            HttpResponse<String> wrong = stranger.send("GET", "/v1/models", "", "Authorization", "Bearer sk-two");
            assertThat(wrong.statusCode()).isEqualTo(401);
            assertThat(SimClient.json(wrong.body()).at("/error/code").asText()).isEqualTo("invalid_api_key");
            assertThat(stranger.send("GET", "/v1/models", "", "Authorization", "Bearer sk-one")
                            .statusCode())
                    .isEqualTo(200);
        }
    }
}

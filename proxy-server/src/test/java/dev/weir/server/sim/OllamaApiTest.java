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

/** Ollama's API that runs models. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OllamaApiTest {
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
    void chatStreamsByDefault() {
        HttpResponse<String> response = client.post(
                "/api/chat", "{'model':'llama3.2:3b','messages':[{'role':'user','content':'Why is the sky blue?'}]}");
        List<JsonNode> lines = response.body().lines().map(SimClient::json).toList();
        JsonNode last = lines.get(lines.size() - 1);

        assertThat(response.headers().firstValue("content-type")).hasValue("application/x-ndjson");
        assertThat(lines.get(0).toString())
                .matches("\\{\"model\":\"llama3.2:3b\",\"created_at\":\"[0-9T:.-]+Z\",\"message\":"
                        + "\\{\"role\":\"assistant\",\"content\":\"\\w+\"},\"done\":false}");
        assertThat(SimClient.fields(last))
                .containsExactly(
                        "model",
                        "created_at",
                        "message",
                        "done",
                        "done_reason",
                        "total_duration",
                        "load_duration",
                        "prompt_eval_count",
                        "prompt_eval_duration",
                        "eval_count",
                        "eval_duration");
        assertThat(last.path("done_reason").asText()).isEqualTo("stop");
        assertThat(last.path("eval_count").asInt()).isEqualTo(lines.size() - 1).isBetween(30, 90);
        assertThat(last.path("prompt_eval_count").asInt()).isEqualTo(6);
    }

    @Test
    void chatWithoutStreamingIsOneObjectWithTheSameText() {
        String body = "'model':'llama3.2:3b','messages':[{'role':'user','content':'Why is the sky blue?'}]}";
        HttpResponse<String> whole = client.post("/api/chat", "{'stream':false," + body);
        StringBuilder streamed = new StringBuilder();
        client.postLines("/api/chat", "{" + body)
                .forEach(line ->
                        streamed.append(line.path("message").path("content").asText()));

        assertThat(whole.headers().firstValue("content-type")).hasValue("application/json; charset=utf-8");
        assertThat(SimClient.json(whole.body()).path("message").path("content").asText())
                .isEqualTo(streamed.toString())
                .endsWith(".");
    }

    @Test
    void numPredictEndsTheAnswerWithLength() {
        List<JsonNode> lines = client.postLines(
                "/api/chat",
                "{'model':'phi3','options':{'num_predict':3},'messages':[{'role':'user','content':'Describe rain.'}]}");

        assertThat(lines).hasSize(4);
        assertThat(lines.get(3).path("done_reason").asText()).isEqualTo("length");
        assertThat(lines.get(3).path("eval_count").asInt()).isEqualTo(3);
    }

    @Test
    void generateAnswersInResponseAndEndsWithContext() {
        List<JsonNode> lines = client.postLines("/api/generate", "{'model':'phi3','prompt':'Describe rain.'}");
        JsonNode last = lines.get(lines.size() - 1);

        assertThat(SimClient.fields(lines.get(0))).containsExactly("model", "created_at", "response", "done");
        assertThat(last.path("context")).hasSize(lines.size() - 1);
        assertThat(last.path("response").asText()).isEmpty();
    }

    @Test
    void stopTextEndsTheAnswerBeforeIt() {
        JsonNode answer = client.postJson(
                "/api/generate",
                "{'model':'phi3','prompt':'Describe rain.','stream':false,'options':{'stop':['rain']}}");

        assertThat(answer.path("response").asText()).isNotEmpty().doesNotContain("rain");
    }

    @Test
    void emptyMessagesLoadTheModelAndKeepAliveZeroUnloadsIt() {
        JsonNode load = client.postJson("/api/chat", "{'model':'gemma2:2b','messages':[]}");
        assertThat(load.path("done_reason").asText()).isEqualTo("load");
        assertThat(client.getJson("/api/ps").findValuesAsText("name")).contains("gemma2:2b");

        JsonNode unload = client.postJson("/api/generate", "{'model':'gemma2:2b','keep_alive':0}");
        assertThat(unload.path("done_reason").asText()).isEqualTo("unload");
        assertThat(client.getJson("/api/ps").findValuesAsText("name")).doesNotContain("gemma2:2b");
    }

    @Test
    void namedToolIsCalledInOneLine() {
        List<JsonNode> lines = client.postLines("/api/chat", """
                {'model':'phi3','messages':[{'role':'user','content':'Please use get_weather for Rome'}],
                 'tools':[{'type':'function','function':{'name':'get_weather','parameters':{'type':'object',
                 'properties':{'city':{'type':'string'},'unit':{'enum':['celsius','fahrenheit']}}}}}]}""");
        JsonNode function =
                lines.get(0).path("message").path("tool_calls").path(0).path("function");

        assertThat(lines).hasSize(2);
        assertThat(function.path("name").asText()).isEqualTo("get_weather");
        assertThat(function.path("arguments").path("unit").asText()).isEqualTo("celsius");
        assertThat(lines.get(1).path("done_reason").asText()).isEqualTo("stop");
    }

    @Test
    void toolResultIsAnsweredWithText() {
        JsonNode answer = client.postJson("/api/chat", """
                {'model':'phi3','stream':false,'messages':[{'role':'user','content':'use get_weather'},
                 {'role':'assistant','content':''},{'role':'tool','content':'12 degrees'}],
                 'tools':[{'type':'function','function':{'name':'get_weather'}}]}""");

        assertThat(answer.path("message").path("content").asText()).isNotEmpty();
    }

    @Test
    void formatIsAnsweredWithJsonOfThatSchema() {
        JsonNode answer = client.postJson("/api/chat", """
                {'model':'phi3','stream':false,'messages':[{'role':'user','content':'How old is Rome?'}],
                 'format':{'type':'object','properties':{'age':{'type':'integer'},'sure':{'type':'boolean'}}}}""");

        assertThat(answer.path("message").path("content").asText()).isEqualTo("{\"age\":1,\"sure\":true}");
    }

    @Test
    void embedGivesOneUnitVectorPerInput() {
        JsonNode answer = client.postJson(
                "/api/embed", "{'model':'all-minilm','input':['a red fox','a red fox','stock prices']}");
        JsonNode vectors = answer.path("embeddings");
        double squares = 0;
        for (JsonNode value : vectors.path(0)) {
            squares += value.asDouble() * value.asDouble();
        }

        assertThat(SimClient.fields(answer))
                .containsExactly("model", "embeddings", "total_duration", "load_duration", "prompt_eval_count");
        assertThat(vectors.path(0)).hasSize(384).isEqualTo(vectors.path(1)).isNotEqualTo(vectors.path(2));
        assertThat(squares).isBetween(0.9999, 1.0001);
        assertThat(answer.path("prompt_eval_count").asInt()).isEqualTo(8);
    }

    @Test
    void legacyEmbeddingsGiveOneVector() {
        JsonNode old = client.postJson("/api/embeddings", "{'model':'nomic-embed-text','prompt':'hello'}");
        JsonNode now = client.postJson("/api/embed", "{'model':'nomic-embed-text','input':'hello'}");

        assertThat(SimClient.fields(old)).containsExactly("embedding");
        assertThat(old.path("embedding"))
                .hasSize(768)
                .isEqualTo(now.path("embeddings").path(0));
    }

    @Test
    void unknownModelIsRefusedInOllamasWords() {
        HttpResponse<String> response = client.post("/api/chat", "{'model':'nope','messages':[]}");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("{\"error\":\"model \\\"nope\\\" not found, try pulling it first\"}");
    }

    @Test
    void badRequestsAreRefused() {
        assertThat(client.post("/api/chat", "{").statusCode()).isEqualTo(400);
        assertThat(client.post("/api/chat", "[]").statusCode()).isEqualTo(400);
        assertThat(client.post("/api/chat", "{}").body()).isEqualTo("{\"error\":\"model is required\"}");
        assertThat(client.post("/api/chat", "{'model':'all-minilm','messages':[{'role':'user','content':'x'}]}")
                        .body())
                .isEqualTo("{\"error\":\"\\\"all-minilm\\\" does not support chat\"}");
        assertThat(client.post("/api/generate", "{'model':'phi3','keep_alive':'soon'}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void namesMatchWithoutTagAndWhateverTheCase() {
        JsonNode answer = client.postJson("/api/generate", "{'model':'PHI3','prompt':'Hi','stream':false}");

        assertThat(answer.path("model").asText()).isEqualTo("PHI3");
        assertThat(answer.path("done").asBoolean()).isTrue();
    }
}

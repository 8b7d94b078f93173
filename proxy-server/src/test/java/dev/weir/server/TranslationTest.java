package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Ollama's API in front of a server that speaks OpenAI's. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TranslationTest {
    private static final String CHAT =
            "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'Why is the sky blue?'}],"
                    + " 'options': {'num_predict': 7, 'temperature': 0.5, 'num_ctx': 4096}}";

    private final SimServer openai = TestGateway.sim(SimKind.OPENAI);
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                backends:
                  vllm: {url: "%s", kind: openai}
                models:
                  chat: {targets: [{backend: vllm, model: phi3}]}
                  vectors: {targets: [{backend: vllm, model: mxbai-embed-large}]}
                discover_models: false
                """.formatted(openai.url()));
    }

    @AfterAll
    void stop() {
        gateway.close();
        openai.close();
    }

    private static List<JsonNode> lines(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse("")).isEqualTo("application/x-ndjson");
        return response.body().lines().map(TestGateway::json).toList();
    }

    @Test
    void aChatStreamsInLines() {
        List<JsonNode> lines = lines(gateway.post("/api/chat", CHAT));
        JsonNode last = lines.get(lines.size() - 1);

        assertThat(lines).hasSize(8);
        assertThat(last.path("done").asBoolean()).isTrue();
        assertThat(last.path("done_reason").asText()).isEqualTo("length");
        assertThat(last.path("eval_count").asInt()).isEqualTo(7);
        assertThat(last.path("prompt_eval_count").asInt()).isPositive();
        assertThat(lines.get(0).path("model").asText()).isEqualTo("chat");
        assertThat(lines.get(0).path("done").asBoolean(true)).isFalse();
    }

    @Test
    void aWholeChatHasTheSameText() {
        String streamed = lines(gateway.post("/api/chat", CHAT)).stream()
                .map(line -> line.at("/message/content").asText())
                .collect(Collectors.joining());

        JsonNode whole =
                TestGateway.json(gateway.post("/api/chat", CHAT.replace("'model'", "'stream': false, 'model'")));

        assertThat(whole.at("/message/content").asText()).isEqualTo(streamed);
        assertThat(whole.path("eval_count").asInt()).isEqualTo(7);
    }

    @Test
    void aTextIsGenerated() {
        String asked = "{'model': 'chat', 'prompt': 'Hi', 'system': 'Be brief.', 'options': {'num_predict': 3}}";

        assertThat(lines(gateway.post("/api/generate", asked))
                        .get(0)
                        .path("response")
                        .asText())
                .isNotEmpty();
    }

    @Test
    void embeddingsComeInBothForms() {
        JsonNode batch = TestGateway.json(gateway.post("/api/embed", "{'model': 'vectors', 'input': ['a', 'b']}"));
        JsonNode legacy = TestGateway.json(gateway.post("/api/embeddings", "{'model': 'vectors', 'prompt': 'a'}"));

        assertThat(batch.path("embeddings")).hasSize(2);
        assertThat(batch.at("/embeddings/0")).hasSize(1024);
        assertThat(legacy.path("embedding")).hasSize(1024);
    }

    @Test
    void whatCannotBeToldIsRefusedByName() {
        for (String field : List.of("'tools': [{'type': 'function'}]", "'format': 'json'", "'think': true")) {
            HttpResponse<String> response = gateway.post("/api/chat", CHAT.replace("'model'", field + ", 'model'"));

            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(TestGateway.json(response).path("error").asText())
                    .contains("backend vllm")
                    .startsWith(field.substring(1, field.indexOf(':') - 1) + ": not possible");
        }
        assertThat(gateway.post("/api/chat", CHAT.replace("'role'", "'images': ['eA=='], 'role'"))
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void anErrorIsToldInOllamasForm() {
        assertThat(gateway.post("/api/chat", CHAT.replace("'chat'", "'vectors'"))
                        .body())
                .startsWith("{\"error\":\"");
    }

    @Test
    void aModelOfAnotherServerIsShownAndListed() {
        assertThat(gateway.post("/api/show", "{'model': 'chat'}").body()).contains("completion");
        assertThat(gateway.get("/api/tags").body()).contains("\"chat\"", "\"vectors\"");
        assertThat(gateway.get("/api/ps").body()).isEqualTo("{\"models\":[]}");
    }
}

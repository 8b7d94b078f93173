package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Ollama's own API in front of Ollama backends, as its clients speak it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OllamaApiTest {
    private static final String CHAT =
            "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'Why is the sky blue?'}],"
                    + " 'options': {'num_predict': 9}}";

    private final SimServer one = TestGateway.sim(SimKind.OLLAMA, "phi3:latest", "mxbai-embed-large");
    private final SimServer two = TestGateway.sim(SimKind.OLLAMA, "phi3:latest", "gemma2:2b");
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                backends:
                  a: {url: "%s", kind: ollama}
                  b: {url: "%s", kind: ollama}
                models:
                  chat: {targets: [{backend: a, model: phi3}, {backend: b, model: phi3}]}
                  vectors: {targets: [{backend: a, model: mxbai-embed-large}]}
                discover_models: true
                """.formatted(one.url(), two.url()));
    }

    @AfterAll
    void stop() {
        gateway.close();
        one.close();
        two.close();
    }

    private static List<JsonNode> lines(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse("")).startsWith("application/x-ndjson");
        return response.body().lines().map(TestGateway::json).toList();
    }

    @Test
    void aChatStreamsUnlessToldOtherwise() {
        List<JsonNode> lines = lines(gateway.post("/api/chat", CHAT));

        assertThat(lines).hasSize(10);
        assertThat(lines.get(0).at("/message/content").asText()).isNotEmpty();
        assertThat(lines.get(9).path("done").asBoolean()).isTrue();
        assertThat(lines.get(9).path("eval_count").asInt()).isEqualTo(9);
    }

    @Test
    void aWholeAnswerIsOneObject() {
        JsonNode answer =
                TestGateway.json(gateway.post("/api/chat", CHAT.replace("'model'", "'stream': false, 'model'")));

        assertThat(answer.path("done").asBoolean()).isTrue();
        assertThat(answer.at("/message/content").asText()).isNotEmpty();
    }

    @Test
    void aTextIsGenerated() {
        List<JsonNode> lines = lines(
                gateway.post("/api/generate", "{'model': 'phi3', 'prompt': 'Hi', 'options': {'num_predict': 3}}"));

        assertThat(lines).hasSize(4);
        assertThat(lines.get(3).path("context").isArray()).isTrue();
    }

    @Test
    void embeddingsComeInBothForms() {
        JsonNode batch = TestGateway.json(gateway.post("/api/embed", "{'model': 'vectors', 'input': ['a', 'b']}"));
        JsonNode legacy = TestGateway.json(gateway.post("/api/embeddings", "{'model': 'vectors', 'prompt': 'a'}"));

        assertThat(batch.path("embeddings")).hasSize(2);
        assertThat(legacy.path("embedding")).hasSize(1024);
    }

    @Test
    void tagsAreThoseOfAllBackendsAndTheConfiguredNames() {
        Await.until("all models are found", () -> names(tags()).contains("gemma2:2b"));
        JsonNode models = tags();

        assertThat(names(models)).contains("chat", "vectors", "phi3:latest", "gemma2:2b", "mxbai-embed-large:latest");
        assertThat(names(models)).doesNotHaveDuplicates();
        for (JsonNode model : models) {
            assertThat(model.path("size").asLong()).as(model.toString()).isPositive();
            assertThat(model.path("model")).isEqualTo(model.path("name"));
        }
    }

    @Test
    void whatIsLoadedIsMerged() {
        String load = "{'model': 'gemma2:2b', 'stream': false, 'prompt': 'x', 'keep_alive': '10m'}";
        Await.until(
                "the model is found", () -> gateway.post("/api/generate", load).statusCode() == 200);

        Await.until("it is listed", () -> names(loaded()).contains("gemma2:2b"));
        assertThat(loaded().get(0).path("size_vram").isNumber()).isTrue();
    }

    private JsonNode tags() {
        return TestGateway.json(gateway.get("/api/tags")).path("models");
    }

    private JsonNode loaded() {
        return TestGateway.json(gateway.get("/api/ps")).path("models");
    }

    @Test
    void aModelIsShown() {
        assertThat(TestGateway.json(gateway.post("/api/show", "{'model': 'chat'}"))
                        .path("capabilities")
                        .toString())
                .contains("completion");
    }

    @Test
    void theServerSaysThatItRunsToEverybody() {
        assertThat(gateway.send("GET", "/", "").body()).isEqualTo("Ollama is running");
        assertThat(gateway.send("HEAD", "/", "").statusCode()).isEqualTo(200);
        assertThat(TestGateway.json(gateway.send("GET", "/api/version", ""))
                        .path("version")
                        .asText())
                .matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(gateway.send("GET", "/api/tags", "").statusCode()).isEqualTo(401);
    }

    @Test
    void errorsAreOllamas() {
        HttpResponse<String> response = gateway.post("/api/chat", CHAT.replace("'chat'", "'none'"));

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(TestGateway.json(response).path("error").isTextual()).isTrue();
    }

    @Test
    void aPageOfAnotherOriginReachesOllama() {
        HttpResponse<String> response = gateway.send(
                "POST", "/api/chat", CHAT, "authorization", "Bearer " + TestGateway.KEY, "origin", "http://elsewhere");

        assertThat(response.statusCode()).isEqualTo(200);
    }

    @Test
    void theTagThatEveryNameHasMayBeSpelledOut() {
        assertThat(gateway.post("/api/chat", CHAT.replace("'chat'", "'chat:latest'"))
                        .statusCode())
                .isEqualTo(200);
    }

    private static List<String> names(JsonNode models) {
        List<String> names = new ArrayList<>();
        models.forEach(model -> names.add(model.path("name").asText()));
        return names.stream().collect(Collectors.toList());
    }
}

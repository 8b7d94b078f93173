package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ollama's API about models, and its manners with unknown paths. */
class OllamaModelApiTest {
    private SimServer server;
    private SimClient client;

    @BeforeEach
    void start() throws IOException {
        server = SimServer.start(SimOptions.instant(SimKind.OLLAMA));
        client = new SimClient(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void rootSaysThatOllamaIsRunning() {
        assertThat(client.get("/").body()).isEqualTo("Ollama is running");
        HttpResponse<String> head = client.send("HEAD", "/", "");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValue("content-length")).hasValue("17");
        assertThat(client.getJson("/api/version").path("version").asText()).matches("\\d+\\.\\d+\\.\\d+");
    }

    @Test
    void tagsListTheDefaultModels() {
        JsonNode models = client.getJson("/api/tags").path("models");

        assertThat(models.findValuesAsText("name"))
                .contains("llama3.2:3b", "cogito:32b", "phi3:latest", "mxbai-embed-large:latest")
                .hasSize(11);
        assertThat(SimClient.fields(models.path(0)))
                .containsExactly("name", "model", "modified_at", "size", "digest", "details", "capabilities");
        assertThat(SimClient.fields(models.path(0).path("details")))
                .containsExactly(
                        "parent_model", "format", "family", "families", "parameter_size", "quantization_level");
    }

    @Test
    void psListsWhatIsLoadedWithItsContext() {
        assertThat(client.getJson("/api/ps").path("models")).isEmpty();
        client.post("/api/generate", "{'model':'llama3.2:3b','options':{'num_ctx':8192}}");
        JsonNode loaded = client.getJson("/api/ps").path("models").path(0);

        assertThat(SimClient.fields(loaded))
                .containsExactly(
                        "name", "model", "size", "digest", "details", "expires_at", "size_vram", "context_length");
        assertThat(loaded.path("context_length").asInt()).isEqualTo(8192);
    }

    @Test
    void showTellsCapabilitiesWithoutLoading() {
        JsonNode shown = client.postJson("/api/show", "{'model':'mxbai-embed-large'}");

        assertThat(shown.path("capabilities").toString()).isEqualTo("[\"embedding\"]");
        assertThat(shown.path("model_info").path("bert.embedding_length").asInt())
                .isEqualTo(1024);
        assertThat(client.getJson("/api/ps").path("models")).isEmpty();
    }

    @Test
    void pullReportsProgressAndAddsTheModel() {
        List<JsonNode> lines = client.postLines("/api/pull", "{'model':'mistral:7b'}");
        JsonNode layer = lines.get(1);
        JsonNode layerEnd = lines.get(lines.size() - 5);

        assertThat(lines.get(0)).hasToString("{\"status\":\"pulling manifest\"}");
        assertThat(layer.path("status").asText()).matches("pulling [0-9a-f]{12}");
        assertThat(layerEnd.path("completed").asLong())
                .isEqualTo(layerEnd.path("total").asLong());
        assertThat(lines.subList(lines.size() - 4, lines.size()).stream()
                        .map(line -> line.path("status").asText()))
                .containsExactly(
                        "verifying sha256 digest", "writing manifest", "removing any unused layers", "success");
        assertThat(client.getJson("/api/tags").findValuesAsText("name")).contains("mistral:7b");
    }

    @Test
    void pullWithoutStreamingAnswersSuccess() {
        assertThat(client.post("/api/pull", "{'model':'mistral:7b','stream':false}")
                        .body())
                .isEqualTo("{\"status\":\"success\"}");
    }

    @Test
    void copyAndDeleteChangeTheList() {
        assertThat(client.post("/api/copy", "{'source':'phi3','destination':'mine'}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(client.getJson("/api/tags").findValuesAsText("name")).contains("mine:latest");

        HttpResponse<String> deleted = client.send("DELETE", "/api/delete", "{\"model\":\"mine\"}");
        assertThat(deleted.statusCode()).isEqualTo(200);
        assertThat(deleted.body()).isEmpty();
        HttpResponse<String> again = client.send("DELETE", "/api/delete", "{\"model\":\"mine\"}");
        assertThat(again.statusCode()).isEqualTo(404);
        assertThat(again.body()).isEqualTo("{\"error\":\"model 'mine' not found\"}");
    }

    @Test
    void unknownPathsAndVerbsAreRefusedInText() {
        HttpResponse<String> unknown = client.get("/nope");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).isEqualTo("404 page not found");
        assertThat(client.get("/api/chat").statusCode()).isEqualTo(405);
    }
}

package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration as it is shipped, in front of three Ollamas that have what it names. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShippedModelsTest {
    private final SimServer llm01 =
            TestGateway.sim(SimKind.OLLAMA, "llama3.2:3b", "qwen3:1.7b", "mistral-small3.2:latest");
    private final SimServer llm02 =
            TestGateway.sim(SimKind.OLLAMA, "cogito:32b", "deepcoder:14b", "dolphin3:8b", "gemma2:2b", "phi3:latest");
    private final SimServer orc =
            TestGateway.sim(SimKind.OLLAMA, "mxbai-embed-large", "nomic-embed-text", "all-minilm");
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.shipped(llm01.url(), llm02.url(), orc.url());
    }

    @AfterAll
    void stop() {
        gateway.close();
        llm01.close();
        llm02.close();
        orc.close();
    }

    @ParameterizedTest
    @CsvSource({
        "llm01-llama3.2-3b, llm-01, llama3.2:3b",
        "llm01-qwen3-1.7b, llm-01, qwen3:1.7b",
        "llm01-mistral-small3.2, llm-01, mistral-small3.2:latest",
        "llm02-cogito-32b, llm-02, cogito:32b",
        "llm02-deepcoder-14b, llm-02, deepcoder:14b",
        "llm02-dolphin3-8b, llm-02, dolphin3:8b",
        "llm02-gemma2-2b, llm-02, gemma2:2b",
        "llm02-phi3, llm-02, phi3:latest",
        "hx-chat-fast, llm-01, qwen3:1.7b",
        "hx-chat-premium, llm-02, cogito:32b",
        "hx-chat-code, llm-02, deepcoder:14b",
        "hx-chat-creative, llm-02, dolphin3:8b",
    })
    void chatReachesTheServerAndTheModelOfTheName(String name, String backend, String model) {
        HttpResponse<String> answer = gateway.post(
                "/v1/chat/completions", "{'model': '" + name + "', 'messages': [{'role': 'user', 'content': 'hi'}]}");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-weir-backend")).contains(backend);
        assertThat(answer.headers().firstValue("x-weir-model")).contains(name);
        assertThat(json(answer).path("model").asText()).isEqualTo(model);
        assertThat(json(answer).at("/choices/0/message/content").asText()).isNotEmpty();
    }

    @Test
    void theBalancedNameIsAnsweredByEitherServer() {
        HttpResponse<String> answer = gateway.post(
                "/v1/chat/completions", "{'model': 'hx-chat', 'messages': [{'role': 'user', 'content': 'hi'}]}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).path("model").asText()).isIn("llama3.2:3b", "gemma2:2b");
    }

    @ParameterizedTest
    @CsvSource({"emb-premium, 1024", "emb-perf, 768", "emb-light, 384"})
    void embeddingsHaveTheDimensionsThatTheListNames(String name, int dimensions) {
        JsonNode model = json(gateway.get("/v1/models/" + name));
        HttpResponse<String> answer =
                gateway.post("/v1/embeddings", "{'model': '" + name + "', 'input': 'a weir holds the river back'}");

        assertThat(model.at("/metadata/dimensions").asInt()).isEqualTo(dimensions);
        assertThat(answer.headers().firstValue("x-weir-backend")).contains("orc");
        assertThat(json(answer).at("/data/0/embedding")).hasSize(dimensions);
    }

    @Test
    void theListBeginsWithTheSixteenNamesInTheirOrder() {
        List<String> names = new ArrayList<>();
        json(gateway.get("/v1/models"))
                .path("data")
                .forEach(model -> names.add(model.path("id").asText()));

        assertThat(names)
                .startsWith(
                        "llm01-llama3.2-3b",
                        "llm01-qwen3-1.7b",
                        "llm01-mistral-small3.2",
                        "llm02-cogito-32b",
                        "llm02-deepcoder-14b",
                        "llm02-dolphin3-8b",
                        "llm02-gemma2-2b",
                        "llm02-phi3",
                        "emb-premium",
                        "emb-perf",
                        "emb-light",
                        "hx-chat",
                        "hx-chat-fast",
                        "hx-chat-premium",
                        "hx-chat-code",
                        "hx-chat-creative");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1", ""})
    void thePrefixMayBeLeftOut(String prefix) {
        assertThat(gateway.post(
                                prefix + "/chat/completions",
                                "{'model': 'hx-chat-fast', 'messages': [{'role': 'user', 'content': 'hi'}]}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(gateway.post(prefix + "/completions", "{'model': 'hx-chat-fast', 'prompt': 'hi'}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(gateway.post(prefix + "/embeddings", "{'model': 'emb-light', 'input': 'hi'}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(gateway.get(prefix + "/models").statusCode()).isEqualTo(200);
        assertThat(gateway.get(prefix + "/models/hx-chat").statusCode()).isEqualTo(200);
    }

    @Test
    void aTranscriptionGoesByTheModelPartOfItsForm() throws Exception {
        String form = """
                --boundary\r
                Content-Disposition: form-data; name="file"; filename="a.wav"\r
                Content-Type: audio/wav\r
                \r
                RIFF....\r
                --boundary\r
                Content-Disposition: form-data; name="model"\r
                \r
                hx-chat-code\r
                --boundary--\r
                """;
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/audio/transcriptions"))
                                .header("authorization", "Bearer " + TestGateway.KEY)
                                .header("content-type", "multipart/form-data; boundary=boundary")
                                .timeout(Duration.ofSeconds(10))
                                .POST(HttpRequest.BodyPublishers.ofString(form))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-weir-model")).contains("hx-chat-code");
        assertThat(json(answer).path("text").asText()).isNotEmpty();
    }

    @Test
    void messagesAreAnsweredAndTheirErrorsAreOfAnthropicsForm() {
        HttpResponse<String> answer = gateway.post(
                "/v1/messages",
                "{'model': 'hx-chat-fast', 'max_tokens': 8, 'messages': [{'role': 'user', 'content': 'hi'}]}");
        HttpResponse<String> unknown =
                gateway.post("/v1/messages", "{'model': 'hx-chat-slow', 'max_tokens': 8, 'messages': []}");

        assertThat(json(answer).path("type").asText()).isEqualTo("message");
        assertThat(unknown.statusCode()).isEqualTo(404);
        JsonNode error = json(unknown);
        assertThat(error.path("type").asText()).isEqualTo("error");
        assertThat(error.at("/error/type").asText()).isEqualTo("not_found_error");
        assertThat(error.at("/error/message").asText()).contains("hx-chat-slow");
        assertThat(unknown.headers().firstValue("x-request-id"))
                .contains(error.path("request_id").asText());
    }

    @Test
    void responsesAreAnsweredAndStreamed() {
        HttpResponse<String> answer = gateway.post("/v1/responses", "{'model': 'hx-chat-fast', 'input': 'hi'}");
        HttpResponse<String> stream =
                gateway.post("/v1/responses", "{'model': 'hx-chat-fast', 'input': 'hi', 'stream': true}");

        assertThat(json(answer).path("status").asText()).isEqualTo("completed");
        assertThat(stream.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        assertThat(stream.body().lines().filter(line -> line.startsWith("event: ")))
                .startsWith("event: response.created", "event: response.in_progress")
                .endsWith("event: response.completed");
    }

    @Test
    void modelsOfTheServersAreOfferedUnderTheirOwnNamesToo() {
        Await.until(
                "the server's models to be found",
                () -> gateway.get("/v1/models").body().contains("\"phi3:latest\""));

        HttpResponse<String> answer = gateway.post(
                "/v1/chat/completions", "{'model': 'PHI3', 'messages': [{'role': 'user', 'content': 'x'}]}");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-weir-model")).contains("phi3:latest");
    }
}

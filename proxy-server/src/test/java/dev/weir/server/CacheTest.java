package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The cache in a whole gateway, before simulated servers and a real embedding model, as OpenAI's client library sees it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CacheTest {
    private static final String TEXT = "a weir holds the river back";

    private final SimServer sim = TestGateway.sim(SimKind.OPENAI);
    private MiniLmServer miniLm;
    private TestGateway gateway;
    private OpenAIClient client;

    @BeforeAll
    void start() throws IOException {
        miniLm = MiniLmServer.openai();
        gateway = TestGateway.start("""
                backends:
                  sim: {url: "%s/v1", kind: openai}
                  lm: {url: "%s/v1", kind: openai}
                models:
                  chat: {targets: [{backend: sim, model: "gemma2:2b"}]}
                  vectors: {targets: [{backend: lm, model: all-minilm}]}
                middleware: {cache: {responses: {enabled: true}}}
                discover_models: false
                """.formatted(sim.url(), miniLm.url()));
        client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(TestGateway.KEY)
                .maxRetries(0)
                .build();
    }

    @AfterAll
    void stop() {
        client.close();
        gateway.close();
        miniLm.close();
        sim.close();
    }

    @BeforeEach
    void empty() {
        manage("DELETE");
    }

    private HttpResponse<String> manage(String method) {
        return gateway.send(method, "/management/cache", "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    private static String result(HttpResponse<String> response) {
        return response.headers().firstValue("x-weir-cache").orElse("none");
    }

    private static ChatCompletionCreateParams.Builder question(String text) {
        return ChatCompletionCreateParams.builder().model("chat").temperature(0).addUserMessage(text);
    }

    private List<ChatCompletionChunk> chunks(ChatCompletionCreateParams question) {
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(question)) {
            return stream.stream().map(ChatCompletionChunk::validate).toList();
        }
    }

    private static String text(List<ChatCompletionChunk> chunks) {
        StringBuilder text = new StringBuilder();
        chunks.forEach(chunk -> chunk.choices()
                .forEach(choice -> text.append(choice.delta().content().orElse(""))));
        return text.toString();
    }

    private static ChatCompletionStreamOptions withUsage() {
        return ChatCompletionStreamOptions.builder().includeUsage(true).build();
    }

    private long hits() {
        return json(manage("GET")).at("/responses/hits").asLong();
    }

    @Test
    void aRealEmbeddingIsTheSameFromTheCache() {
        String request = "{'model': 'vectors', 'input': '" + TEXT + "'}";
        HttpResponse<String> miss = gateway.post("/v1/embeddings", request);
        HttpResponse<String> hit = gateway.post("/v1/embeddings", request);

        assertThat(result(miss)).isEqualTo("miss");
        assertThat(result(hit)).isEqualTo("hit");
        assertThat(hit.headers().firstValue("x-weir-model")).contains("vectors");
        assertThat(hit.body()).isEqualTo(miss.body());
        assertThat(json(hit).at("/data/0/embedding")).hasSize(384);
    }

    @Test
    void theLibraryDecodesAnEmbeddingOfTheCache() {
        EmbeddingCreateParams params =
                EmbeddingCreateParams.builder().model("vectors").input(TEXT).build();
        List<Float> first = client.embeddings().create(params).data().get(0).embedding();
        List<Float> second = client.embeddings().create(params).data().get(0).embedding();

        assertThat(second).isEqualTo(first).hasSize(384);
        assertThat(json(manage("GET")).at("/embeddings/entries").asLong()).isEqualTo(1);
    }

    @Test
    void aChatOfTheCacheIsReadAsAStreamByTheLibrary() {
        ChatCompletion whole = client.chat()
                .completions()
                .create(question("Why is the sky blue?").build());
        long before = hits();
        List<ChatCompletionChunk> stream = chunks(
                question("Why is the sky blue?").streamOptions(withUsage()).build());
        List<ChatCompletionChunk> plain =
                chunks(question("Why is the sky blue?").build());

        assertThat(hits()).isEqualTo(before + 2);
        assertThat(text(stream))
                .isEqualTo(whole.choices().get(0).message().content().orElseThrow());
        assertThat(text(plain)).isEqualTo(text(stream));
        assertThat(stream.get(stream.size() - 1).usage()).isEqualTo(whole.usage());
        assertThat(stream).allSatisfy(chunk -> assertThat(chunk.id()).isEqualTo(whole.id()));
    }

    @Test
    void aStreamedChatIsReadWholeByTheLibrary() {
        List<ChatCompletionChunk> stream =
                chunks(question("What is a weir?").streamOptions(withUsage()).build());
        long before = hits();
        ChatCompletion whole =
                client.chat().completions().create(question("What is a weir?").build());

        assertThat(hits()).isEqualTo(before + 1);
        assertThat(whole.validate().choices().get(0).message().content()).contains(text(stream));
        assertThat(whole.usage()).isEqualTo(stream.get(stream.size() - 1).usage());
        assertThat(whole.id()).isEqualTo(stream.get(0).id());
        assertThat(whole.created()).isEqualTo(stream.get(0).created());
    }

    @Test
    void aCompletionOfTheCacheIsReadAsAStreamByTheLibrary() {
        CompletionCreateParams params = CompletionCreateParams.builder()
                .model(CompletionCreateParams.Model.of("chat"))
                .prompt("Once upon a time")
                .seed(7)
                .build();
        Completion whole = client.completions().create(params);
        StringBuilder streamed = new StringBuilder();
        long before = hits();
        try (StreamResponse<Completion> stream = client.completions().createStreaming(params)) {
            stream.stream().forEach(chunk -> chunk.choices().forEach(choice -> streamed.append(choice.text())));
        }

        assertThat(hits()).isEqualTo(before + 1);
        assertThat(streamed).hasToString(whole.choices().get(0).text());
    }

    @Test
    void aChatThatIsNotDeterministicIsNoneOfTheCaches() {
        String chat = "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'Hi'}]}";
        assertThat(result(gateway.post("/v1/chat/completions", chat))).isEqualTo("bypass");
        assertThat(result(gateway.post("/v1/chat/completions", chat))).isEqualTo("bypass");
    }

    @Test
    void managementTellsWhatTheCacheDoesAndEmptiesIt() {
        String request = "{'model': 'vectors', 'input': 'figures'}";
        JsonNode before = json(manage("GET")).path("embeddings");
        gateway.post("/v1/embeddings", request);
        gateway.post("/v1/embeddings", request);
        JsonNode figures = json(manage("GET"));

        assertThat(figures.path("store").asText()).isEqualTo("memory");
        assertThat(figures.at("/embeddings/entries").asLong()).isEqualTo(1);
        assertThat(figures.at("/embeddings/bytes").asLong()).isGreaterThan(1_000);
        assertThat(figures.at("/embeddings/hits").asLong())
                .isEqualTo(before.path("hits").asLong() + 1);
        assertThat(figures.at("/embeddings/misses").asLong())
                .isEqualTo(before.path("misses").asLong() + 1);
        assertThat(figures.at("/embeddings/hit_rate").asDouble()).isBetween(0.1, 0.9);
        assertThat(gateway.metric("weir_cache_entries")).isEqualTo(1);
        assertThat(gateway.metric("weir_cache_requests_total{kind=\"embeddings\",result=\"hit\",}"))
                .isPositive();

        assertThat(json(manage("DELETE")).path("cleared").asBoolean()).isTrue();
        assertThat(json(manage("GET")).at("/embeddings/entries").asLong()).isZero();
        assertThat(result(gateway.post("/v1/embeddings", request))).isEqualTo("miss");
    }

    @Test
    void onlyManagersSeeTheCache() {
        assertThat(gateway.send("GET", "/management/cache", "").statusCode()).isEqualTo(401);
        assertThat(gateway.send("DELETE", "/management/cache", "").statusCode()).isEqualTo(401);
    }
}

package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.PermissionDeniedException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import com.openai.models.responses.ResponseCreateParams;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** OpenAI's own client library in front of the gateway. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiClientTest {
    private final SimServer ollama = TestGateway.sim(SimKind.OLLAMA);
    private final SimServer openai = TestGateway.sim(SimKind.OPENAI);
    private TestGateway gateway;
    private OpenAIClient client;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                backends:
                  a: {url: "%s", kind: ollama}
                  b: {url: "%s/v1", kind: openai}
                  gone: {url: "http://127.0.0.1:9", kind: openai}
                models:
                  chat: {targets: [{backend: a, model: phi3}]}
                  team/chat:2b: {targets: [{backend: b, model: "gemma2:2b"}], metadata: {owner: team}}
                  vectors: {targets: [{backend: a, model: mxbai-embed-large}]}
                  lost: {targets: [{backend: gone, model: x}]}
                discover_models: false
                """.formatted(ollama.url(), openai.url()));
        client = client(TestGateway.KEY);
    }

    @AfterAll
    void stop() {
        client.close();
        gateway.close();
        ollama.close();
        openai.close();
    }

    private OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    private static ChatCompletionCreateParams.Builder chat(String model) {
        return ChatCompletionCreateParams.builder().model(model).addUserMessage("Why is the sky blue?");
    }

    @Test
    void chatIsAnsweredByTheModelBehindTheName() {
        ChatCompletion answer =
                client.chat().completions().create(chat("team/chat:2b").build());

        assertThat(answer.validate().choices().get(0).message().content()).isNotEmpty();
        assertThat(answer.model()).isEqualTo("gemma2:2b");
        assertThat(answer.usage()).isPresent();
    }

    @Test
    void streamedChatIsTheWholeChatAndEndsWithUsage() {
        ChatCompletion whole = client.chat().completions().create(chat("chat").build());
        StringBuilder streamed = new StringBuilder();
        List<ChatCompletionChunk> chunks;
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(chat("chat")
                        .streamOptions(ChatCompletionStreamOptions.builder()
                                .includeUsage(true)
                                .build())
                        .build())) {
            chunks = stream.stream().toList();
        }
        chunks.forEach(chunk -> chunk.choices()
                .forEach(choice -> streamed.append(choice.delta().content().orElse(""))));

        assertThat(streamed)
                .hasToString(whole.choices().get(0).message().content().orElseThrow());
        assertThat(chunks.get(chunks.size() - 1).usage())
                .map(usage -> usage.completionTokens())
                .isEqualTo(whole.usage().map(usage -> usage.completionTokens()));
    }

    @Test
    void completionsAndResponsesAreAnswered() {
        var completion = client.completions()
                .create(CompletionCreateParams.builder()
                        .model(CompletionCreateParams.Model.of("chat"))
                        .prompt("Once upon a time")
                        .build());
        var response = client.responses()
                .create(ResponseCreateParams.builder()
                        .model("chat")
                        .input("Describe rain.")
                        .build());

        assertThat(completion.choices().get(0).text()).isNotEmpty();
        assertThat(response.output().get(0).message().orElseThrow().validate()).isNotNull();
    }

    @Test
    void embeddingsDecodeInTheFormThatTheLibraryAsksFor() {
        var response = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("vectors")
                        .inputOfArrayOfStrings(List.of("a red fox", "a blue whale"))
                        .build());

        assertThat(response.data())
                .hasSize(2)
                .allSatisfy(vector -> assertThat(vector.embedding()).hasSize(1024));
    }

    @Test
    void modelsAreListedAndFoundByNamesWithSlashes() {
        assertThat(client.models().list().data())
                .extracting(Model::id)
                .containsExactly("chat", "team/chat:2b", "vectors", "lost");
        Model model = client.models().retrieve("team/chat:2b");
        assertThat(model.validate().id()).isEqualTo("team/chat:2b");
    }

    @Test
    void aWrongKeyIsUnauthorized() {
        try (var other = new Closing(client("sk-wrong"))) {
            assertThatThrownBy(() -> other.client.models().list())
                    .isInstanceOfSatisfying(UnauthorizedException.class, e -> {
                        assertThat(e.code()).contains("invalid_api_key");
                        assertThat(e.getMessage()).doesNotContain("sk-wrong");
                    });
        }
    }

    @Test
    void theManagementKeyMayNotChat() {
        try (var other = new Closing(client(TestGateway.MANAGEMENT_KEY))) {
            assertThatThrownBy(() -> other.client.models().list()).isInstanceOf(PermissionDeniedException.class);
        }
    }

    @Test
    void anUnknownModelIsNotFoundAndItsNeighboursAreNamed() {
        assertThatThrownBy(() ->
                        client.chat().completions().create(chat("team/chat:3b").build()))
                .isInstanceOfSatisfying(NotFoundException.class, e -> {
                    assertThat(e.code()).contains("model_not_found");
                    assertThat(e.param()).contains("model");
                    assertThat(e.getMessage()).contains("team/chat:2b");
                });
        assertThatThrownBy(() -> client.models().retrieve("nothing/like:it")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void aRequestThatNamesNoModelIsABadOne() {
        assertThatThrownBy(() -> client.chat().completions().create(chat("").build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.param()).contains("model"));
    }

    @Test
    void whatTheBackendRefusesIsToldAsTheBackendTellsIt() {
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(chat("chat")
                                .putAdditionalBodyProperty("messages", JsonValue.from("none"))
                                .build()))
                .isInstanceOf(BadRequestException.class);
    }

    @Test
    void aBackendThatIsDownIsAServerError() {
        assertThatThrownBy(() -> client.chat().completions().create(chat("lost").build()))
                .isInstanceOfSatisfying(InternalServerException.class, e -> {
                    assertThat(e.statusCode()).isEqualTo(503);
                    assertThat(e.code()).contains("no_backend");
                    assertThat(e.headers().values("retry-after")).hasSize(1);
                });
    }

    @Test
    void errorsNameTheRequest() {
        assertThatThrownBy(() -> client.chat().completions().create(chat("none").build()))
                .isInstanceOfSatisfying(
                        OpenAIServiceException.class,
                        e -> assertThat(e.headers().values("x-request-id")).hasSize(1));
    }

    private record Closing(OpenAIClient client) implements AutoCloseable {
        @Override
        public void close() {
            client.close();
        }
    }
}

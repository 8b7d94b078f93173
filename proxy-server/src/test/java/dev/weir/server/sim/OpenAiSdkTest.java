package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.ResponseCreateParams;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** OpenAI's own client library understands both kinds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiSdkTest {
    private SimServer ollama;
    private SimServer openai;

    @BeforeAll
    void start() throws IOException {
        ollama = SimServer.start(SimOptions.instant(SimKind.OLLAMA));
        openai = SimServer.start(SimOptions.instant(SimKind.OPENAI));
    }

    @AfterAll
    void stop() {
        ollama.close();
        openai.close();
    }

    private OpenAIClient client(SimKind kind) {
        return OpenAIOkHttpClient.builder()
                .baseUrl((kind == SimKind.OLLAMA ? ollama : openai).url() + "/v1")
                .apiKey("none")
                .maxRetries(0)
                .build();
    }

    private static ChatCompletionCreateParams chat() {
        return ChatCompletionCreateParams.builder()
                .model("phi3")
                .addUserMessage("Why is the sky blue?")
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
    }

    @ParameterizedTest
    @EnumSource
    void streamedChatIsTheWholeChat(SimKind kind) {
        OpenAIClient client = client(kind);
        String whole = client.chat()
                .completions()
                .create(chat().toBuilder()
                        .streamOptions(ChatCompletionStreamOptions.builder().build())
                        .build())
                .choices()
                .get(0)
                .message()
                .content()
                .orElseThrow();
        StringBuilder streamed = new StringBuilder();
        List<ChatCompletionChunk> chunks;
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(chat())) {
            chunks = stream.stream().toList();
        }
        chunks.forEach(chunk -> chunk.choices()
                .forEach(choice -> streamed.append(choice.delta().content().orElse(""))));

        assertThat(streamed).hasToString(whole);
        assertThat(chunks.get(chunks.size() - 1).usage().orElseThrow().completionTokens())
                .isEqualTo(Tokens.count(whole));
        client.close();
    }

    @ParameterizedTest
    @EnumSource
    void embeddingsDecode(SimKind kind) {
        OpenAIClient client = client(kind);
        var response = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("mxbai-embed-large")
                        .input("a red fox")
                        .build());

        assertThat(response.data().get(0).embedding()).hasSize(1024);
        client.close();
    }

    @ParameterizedTest
    @EnumSource
    void responsesAndModelsDecode(SimKind kind) {
        OpenAIClient client = client(kind);
        var response = client.responses()
                .create(ResponseCreateParams.builder()
                        .model("phi3")
                        .input("Describe rain.")
                        .build());

        assertThat(response.output().get(0).message().orElseThrow().validate()).isNotNull();
        assertThat(client.models().list().data()).hasSize(11);
        client.close();
    }
}

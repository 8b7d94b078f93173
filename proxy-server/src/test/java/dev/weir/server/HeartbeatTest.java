package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Streams that wait for a model to be loaded. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HeartbeatTest {
    private static final String CHAT =
            "{'model': 'chat', 'stream': true, 'max_tokens': 3, 'messages': [{'role': 'user', 'content': 'Hi'}]}";

    private final SimServer ollama = TestGateway.sim(SimOptions.builder()
            .kind(SimKind.OLLAMA)
            .timeToFirstToken(Duration.ofSeconds(2))
            .build());
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                backends:
                  a: {url: "%s", kind: ollama}
                models:
                  chat: {targets: [{backend: a, model: phi3}]}
                discover_models: false
                heartbeat: 0.05
                routes:
                  - {path: "/chat/completions", heartbeat: 0s}
                """.formatted(ollama.url()));
    }

    @AfterAll
    void stop() {
        gateway.close();
        ollama.close();
    }

    @Test
    void commentsComeBeforeTheFirstToken() {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);

        assertThat(response.body()).startsWith(": weir\n\n: weir\n\n").endsWith("data: [DONE]\n\n");
        assertThat(response.body().substring(response.body().indexOf("data:"))).doesNotContain(": weir");
    }

    @Test
    void aRouteMayBeWithoutThem() {
        assertThat(gateway.post("/chat/completions", CHAT).body()).startsWith("data: {");
    }

    @Test
    void openAisClientDoesNotMind() {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(TestGateway.KEY)
                .maxRetries(0)
                .build();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(ChatCompletionCreateParams.builder()
                        .model("chat")
                        .addUserMessage("Hi")
                        .build())) {
            assertThat(stream.stream().count()).isPositive();
        }
        client.close();
    }
}

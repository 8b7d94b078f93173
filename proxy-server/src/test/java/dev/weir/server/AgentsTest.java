package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Agents of a configuration in front of simulated servers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AgentsTest {
    private static final String CHAT =
            "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'Why is the sky blue?'}],"
                    + " 'max_tokens': 23, 'stream_options': {'include_usage': true}}";

    private final SimServer ollama = TestGateway.sim(SimKind.OLLAMA);
    private final SimServer openai = TestGateway.sim(SimKind.OPENAI);
    private final SimServer slow = TestGateway.sim(SimOptions.builder()
            .kind(SimKind.OPENAI)
            .timeToFirstToken(Duration.ofSeconds(60))
            .build());
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                backends:
                  a: {url: "%s", kind: ollama}
                  b: {url: "%s", kind: openai}
                  slow: {url: "%s", kind: openai}
                models:
                  chat: {targets: [{backend: b, model: phi3}]}
                  ollama: {targets: [{backend: a, model: phi3}]}
                  slow: {targets: [{backend: slow, model: phi3}]}
                discover_models: false
                agents:
                  voice: {chunk_size: 1, timeout: 30.0, buffer_size: 50, delay_between_chunks: 0.01}
                  copilot: {chunk_size: 5, timeout: 60.0, buffer_size: 200, delay_between_chunks: 0.001}
                  hasty: {chunk_size: 1, timeout: 0.2, buffer_size: 5, delay_between_chunks: 0}
                """.formatted(ollama.url(), openai.url(), slow.url()));
    }

    @AfterAll
    void stop() {
        gateway.close();
        ollama.close();
        openai.close();
        slow.close();
    }

    /** The data of the events of an answer, which must be an event stream. */
    private static List<String> events(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse("")).startsWith("text/event-stream");
        return response.body()
                .lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> line.substring(6))
                .toList();
    }

    private static List<String> contents(List<String> events) {
        return events.stream()
                .filter(event -> event.startsWith("{"))
                .map(event ->
                        TestGateway.json(event).at("/choices/0/delta/content").asText(""))
                .filter(content -> !content.isEmpty())
                .toList();
    }

    @Test
    void everyEventHoldsTheTokensOfItsAgent() {
        List<String> one = contents(events(gateway.post("/v1/voice/chat/completions", CHAT)));
        List<String> five = contents(events(gateway.post("/v1/copilot/chat/completions", CHAT)));

        assertThat(one).hasSize(23);
        assertThat(five).hasSize(5);
        for (int i = 0; i < 5; i++) {
            assertThat(five.get(i))
                    .isEqualTo(one.subList(5 * i, Math.min(23, 5 * i + 5)).stream()
                            .collect(Collectors.joining()));
        }
    }

    @Test
    void finishUsageAndDoneComeAfterTheText() {
        List<String> events = events(gateway.post("/v1/copilot/chat/completions", CHAT));

        assertThat(events.get(events.size() - 1)).isEqualTo("[DONE]");
        JsonNode usage = TestGateway.json(events.get(events.size() - 2));
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(23);
        JsonNode finish = TestGateway.json(events.get(events.size() - 3));
        assertThat(finish.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    }

    @Test
    void anOllamaBackendIsShapedToo() {
        assertThat(contents(events(gateway.post("/copilot/chat/completions", CHAT.replace("'chat'", "'ollama'")))))
                .hasSize(5);
    }

    @Test
    void streamIsForced() {
        String asked = CHAT.replace("'max_tokens'", "'stream': false, 'max_tokens'");

        assertThat(events(gateway.post("/v1/voice/chat/completions", asked))).contains("[DONE]");
    }

    @Test
    void theBodySaysWhetherItIsAChat() {
        String prompt = "{'model': 'chat', 'prompt': 'Why is the sky blue?', 'max_tokens': 7}";

        assertThat(events(gateway.post("/v1/voice/chat/completions", prompt)).get(0))
                .contains("text_completion");
        assertThat(events(gateway.post("/v1/copilot/completions", CHAT)).get(0)).contains("chat.completion.chunk");
        assertThat(gateway.post("/v1/copilot/completions", "{'model': 'chat'}").body())
                .contains("prompt: missing");
    }

    @Test
    void anyAgentIsReachedByTheQuery() {
        assertThat(contents(events(gateway.post("/v1/agents/stream?agent_type=copilot", CHAT))))
                .hasSize(5);
        assertThat(contents(events(gateway.post("/agents/stream?type=voice", CHAT))))
                .hasSize(23);
    }

    @Test
    void anUnknownAgentIs404WithTheKnownOnes() {
        HttpResponse<String> response = gateway.post("/v1/agents/stream?agent_type=gui", CHAT);

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("voice, copilot, hasty");
    }

    @Test
    void agentsNeedAKey() {
        assertThat(gateway.send("POST", "/v1/voice/chat/completions", CHAT).statusCode())
                .isEqualTo(401);
        assertThat(gateway.send("POST", "/v1/agents/stream?agent_type=x", CHAT).body())
                .doesNotContain("copilot");
    }

    @Test
    void errorsBeforeTheStreamKeepTheirStatus() {
        assertThat(gateway.post("/v1/voice/chat/completions", CHAT.replace("'chat'", "'none'"))
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void atTheDeadlineAnErrorEventComes() {
        OpenAIClient client = client("hasty");
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(ChatCompletionCreateParams.builder()
                        .model("slow")
                        .addUserMessage("hello")
                        .build())) {
            assertThatThrownBy(() -> stream.stream().count())
                    .isInstanceOf(OpenAIException.class)
                    .hasMessageContaining("agent hasty: no complete answer within 0.2 s");
        }
        client.close();
    }

    @Test
    void openAisClientStreamsThroughAnAgent() {
        List<String> texts = new ArrayList<>();
        OpenAIClient client = client("copilot");
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(ChatCompletionCreateParams.builder()
                        .model("chat")
                        .addUserMessage("Why is the sky blue?")
                        .maxCompletionTokens(12)
                        .build())) {
            stream.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .filter(content -> !content.isEmpty())
                    .forEach(texts::add);
        }
        client.close();

        assertThat(texts).hasSize(3);
    }

    private OpenAIClient client(String agent) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1/" + agent)
                .apiKey(TestGateway.KEY)
                .maxRetries(0)
                .build();
    }
}

package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code x-weir-cache} stands on every answer of a backend, on whatever route, and on nothing that Weir says itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CacheHeaderTest {
    private static final String HEADER = "x-weir-cache";

    private final SimServer openai = TestGateway.sim(SimKind.OPENAI, "phi3", "rerank");
    private final SimServer ollama = TestGateway.sim(SimKind.OLLAMA, "phi3");
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                backends:
                  a: {url: "%s", kind: openai}
                  b: {url: "%s", kind: ollama}
                models:
                  chat: {targets: [{backend: a, model: phi3}]}
                  rerank: {targets: [{backend: a, model: rerank}]}
                  ollama: {targets: [{backend: b, model: phi3}]}
                agents: {voice: {chunk_size: 1, delay_between_chunks: 0}}
                routes: [{path: "/relayed/*", backend: a}]
                middleware: {cache: {responses: {enabled: true}}}
                discover_models: false
                """.formatted(openai.url(), ollama.url()));
        Await.until(
                "the backends are up", () -> gateway.send("GET", "/readyz", "").statusCode() == 200);
    }

    @AfterAll
    void stop() {
        gateway.close();
        openai.close();
        ollama.close();
    }

    private static String body(String model, String more) {
        return "{'model': '" + model + "', 'max_tokens': 5, 'messages': [{'role': 'user', 'content': 'hi'}],"
                + " 'input': 'hi', 'prompt': 'hi', 'query': 'hi', 'documents': ['a', 'b']" + more + "}";
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/responses, chat",
        "/responses, chat",
        "/v1/messages, chat",
        "/v1/rerank, rerank",
        "/v1/moderations, chat",
        "/api/chat, ollama",
        "/api/generate, ollama",
        "/api/chat, chat",
        "/v1/voice/chat/completions, chat",
        "/voice/completions, chat",
    })
    void anAnswerOfABackendSaysThatNothingWasKept(String path, String model) {
        for (String more : new String[] {", 'stream': false", ", 'stream': true"}) {
            HttpResponse<String> answer = gateway.post(path, body(model, more));

            assertThat(answer.headers().firstValue("x-weir-backend"))
                    .as(path + more + answer.body())
                    .isPresent();
            assertThat(answer.headers().allValues(HEADER)).as(path + more).containsExactly("bypass");
        }
    }

    @Test
    void anAnswerOfABackendThatIsRelayedAsItIsSaysSoToo() {
        HttpResponse<String> answer = gateway.get("/relayed/v1/models");

        assertThat(answer.headers().firstValue("x-weir-backend")).contains("a");
        assertThat(answer.headers().allValues(HEADER)).containsExactly("bypass");
    }

    @Test
    void whatCanBeKeptSaysWhatHappened() {
        String chat = "{'model': 'chat', 'temperature': 0, 'messages': [{'role': 'user', 'content': 'Why?'}]}";

        assertThat(gateway.post("/v1/chat/completions", chat).headers().allValues(HEADER))
                .containsExactly("miss");
        assertThat(gateway.post("/v1/chat/completions", chat).headers().allValues(HEADER))
                .containsExactly("hit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/healthz",
                "/readyz",
                "/health",
                "/metrics",
                "/management/config",
                "/management/cache",
                "/management/models/list",
                "/v1/models",
                "/api/tags",
                "/",
                "/nothing-here",
            })
    void whatWeirSaysItselfDoesNotSpeakOfTheCache(String path) {
        assertThat(gateway.get(path).headers().allValues(HEADER)).isEmpty();
    }

    @Test
    void aRefusalOfWeirDoesNotSpeakOfTheCache() {
        HttpResponse<String> answer = gateway.post("/v1/responses", body("none", ""));

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.headers().allValues(HEADER)).isEmpty();
    }
}

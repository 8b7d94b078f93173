package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.testing.BackendPeer;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.ReceivedRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts that are asked for one by one, where somebody of another kind has to answer. */
class EmbeddingsFallbackTest {
    private final FakeBackend away = FakeBackend.start();
    private final FakeBackend other = FakeBackend.start().onRequest(EmbeddingsFallbackTest::answer);

    @AfterEach
    void stop() {
        away.close();
        other.close();
    }

    /** An OpenAI server, which takes {@code input} only; the embedding tells the text. */
    private static void answer(ReceivedRequest request, BackendPeer peer) {
        JsonNode body = request.method().equals("POST") ? json(request.text()) : json("{}");
        if (!request.target().equals("/v1/embeddings") || body.has("prompt")) {
            peer.respond(400, "{\"error\":{\"message\":\"what is this?\"}}", "content-type: application/json");
        } else {
            String number = body.path("input").asText().replaceAll("\\D", "");
            peer.json("{\"object\":\"list\",\"data\":[{\"embedding\":[" + number
                    + ",0.5],\"index\":0}],\"usage\":{\"prompt_tokens\":2}}");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ollama, fallback",
        "openai, fallback",
        "ollama, target",
        "openai, target",
    })
    void aBackendOfAnotherKindIsAskedInItsOwnWay(String kind, String role) {
        away.refuseConnections();
        String one = "{backend: away, model: x}";
        String two = "{backend: other, model: y}";
        try (TestGateway gateway = TestGateway.start(
                """
                backends:
                  away: {url: "%s", kind: %s, embeddings: prompt}
                  other: {url: "%s", kind: openai}
                models:
                  emb: {targets: [%s], fallbacks: [stand-in]}
                  stand-in: {targets: [%s]}
                discover_models: false
                """.formatted(away.url(), kind, other.url(), role.equals("target") ? one + ", " + two : one, two))) {
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> response =
                        gateway.post("/v1/embeddings", "{'model': 'emb', 'input': ['text 1', 'text 2']}");

                assertThat(response.statusCode()).isEqualTo(200);
                JsonNode data = json(response.body()).path("data");
                assertThat(data).hasSize(2);
                assertThat(data.path(0).path("embedding").path(0).asInt()).isEqualTo(1);
                assertThat(data.path(1).path("embedding").path(0).asInt()).isEqualTo(2);
            }
        }
    }
}

package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A configured model is one model however its name is spelled, though its backend has one that is called the same. */
class ModelSpellingsTest {
    private static final int REQUESTS = 3;

    private final SimServer sim = TestGateway.sim(SimKind.OLLAMA, "hx-chat", "phi3");
    private final TestGateway gateway = TestGateway.start("""
            backends: {a: {url: "%s", kind: ollama}}
            models:
              hx-chat:
                targets: [{backend: a, model: hx-chat}]
                limits: {requests_per_minute: %d}
                parameters: {max: {max_tokens: 4}}
                prices: {prompt: 1000000, completion: 1000000}
              other: {targets: [{backend: a, model: phi3}]}
            middleware: {cache: {responses: {enabled: true}}}
            discover_models: true
            """.formatted(sim.url(), REQUESTS));

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
    }

    private String key(String models) {
        JsonNode made = json(gateway.post("/management/keys", "{'name': 'k', 'models': [" + models + "]}"));
        return made.path("key").asText();
    }

    private HttpResponse<String> ask(String key, String model) {
        return ask(key, "/v1/chat/completions", model);
    }

    private HttpResponse<String> ask(String key, String path, String model) {
        return gateway.send(
                "POST",
                path,
                "{'model': '" + model + "', 'stream': false, 'max_tokens': 50, 'options': {'num_predict': 50},"
                        + " 'messages': [{'role': 'user', 'content': 'Why?'}]}",
                "authorization",
                "Bearer " + key);
    }

    private String models() {
        return gateway.get("/v1/models").body();
    }

    private void awaitFound() {
        Await.until("the backend's own names are found", () -> models().contains("phi3:latest"));
    }

    @Test
    void itsLimitIsOneForAllSpellings() {
        awaitFound();
        String key = key("");

        assertThat(ask(key, "hx-chat").statusCode()).isEqualTo(200);
        assertThat(ask(key, "hx-chat:latest").statusCode()).isEqualTo(200);
        assertThat(ask(key, "/api/chat", "HX-Chat:Latest").statusCode()).isEqualTo(200);
        for (String spelling : new String[] {"hx-chat", "hx-chat:latest", "HX-CHAT", "Hx-chat:LATEST"}) {
            assertThat(ask(key, spelling).statusCode()).as(spelling).isEqualTo(429);
            assertThat(ask(key, "/api/chat", spelling).statusCode())
                    .as(spelling)
                    .isEqualTo(429);
        }
        assertThat(ask(key, "phi3").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hx-chat", "hx-chat:latest", "HX-CHAT", "hX-chat:Latest"})
    void itsParametersAndPricesHold(String spelling) {
        awaitFound();

        HttpResponse<String> answer = ask(TestGateway.KEY, spelling);
        assertThat(json(answer).at("/usage/completion_tokens").asInt()).isEqualTo(4);
        assertThat(json(answer).path("model").asText()).isEqualTo("hx-chat");
        assertThat(answer.headers().firstValue("x-weir-model")).contains("hx-chat");
        assertThat(json(ask(TestGateway.KEY, "/api/chat", spelling))
                        .path("eval_count")
                        .asInt())
                .isEqualTo(4);
        JsonNode usage = json(gateway.get("/management/usage?group_by=model")).path("data");
        assertThat(usage.findValuesAsText("model"))
                .contains("hx-chat")
                .doesNotContain(spelling.replace("hx-chat", "-"));
    }

    @Test
    void aHitOfTheCacheIsCountedUnderItsOneName() {
        awaitFound();
        for (int i = 0; i < 2; i++) {
            HttpResponse<String> answer = gateway.post(
                    "/v1/chat/completions",
                    "{'model': 'HX-Chat:latest', 'temperature': 0, 'messages': [{'role': 'user', 'content': 'Why?'}]}");
            assertThat(answer.headers().firstValue("x-weir-cache")).contains(i == 0 ? "miss" : "hit");
        }

        JsonNode lines = json(gateway.get("/management/usage?group_by=model")).path("data");
        assertThat(lines.findValuesAsText("model")).contains("hx-chat").doesNotContain("HX-Chat:latest");
        for (JsonNode line : lines) {
            if (line.path("model").asText().equals("hx-chat")) {
                assertThat(line.path("cache_hits").asInt()).isEqualTo(1);
                assertThat(line.path("requests").asInt()).isEqualTo(2);
            }
        }
    }

    @Test
    void aKeyForItMaySpellItAndAKeyForAnotherMayNot() {
        awaitFound();
        String own = key("'hx-chat'");
        String other = key("'other', '*:latest', 'HX*'");

        assertThat(ask(own, "hx-chat:latest").statusCode()).isEqualTo(200);
        assertThat(ask(own, "HX-Chat").statusCode()).isEqualTo(200);
        for (String spelling : new String[] {"hx-chat", "hx-chat:latest", "HX-Chat"}) {
            assertThat(ask(other, spelling).statusCode()).as(spelling).isEqualTo(403);
        }
    }

    @Test
    void itIsListedOnce() {
        awaitFound();

        assertThat(models()).contains("\"hx-chat\"").doesNotContain("hx-chat:latest");
        assertThat(json(gateway.get("/v1/models/HX-chat:latest")).path("id").asText())
                .isEqualTo("hx-chat");
    }
}

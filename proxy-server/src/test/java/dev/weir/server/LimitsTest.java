package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits of a whole gateway, where others have a say in what a request takes. */
class LimitsTest {
    private static final int REQUESTS = 8;
    private static final int TOKENS = 600;

    private final SimServer sim = TestGateway.sim(SimKind.OPENAI, "minilm");
    private final TestGateway gateway = TestGateway.start("""
            backends: {a: {url: "%s", kind: openai}}
            models: {vectors: {targets: [{backend: a, model: minilm}]}}
            discover_models: false
            """.formatted(sim.url()));

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
    }

    private static int header(HttpResponse<String> answer, String name) {
        return Integer.parseInt(answer.headers().firstValue(name).orElseThrow());
    }

    @Test
    void aHitOfTheCacheCountsAsARequestNotAsTokens() {
        JsonNode key = json(gateway.send(
                "POST",
                "/management/keys",
                "{'name': 'k', 'limits': {'requests_per_minute': " + REQUESTS + ", 'tokens_per_minute': " + TOKENS
                        + "}}",
                "authorization",
                "Bearer " + TestGateway.KEY));
        String body = "{'model': 'vectors', 'input': '"
                + "a weir in a river ".repeat(20).strip() + "'}";
        int reserved = 1 + body.length() / 4;
        int used = 0;
        for (int i = 0; i < REQUESTS; i++) {
            HttpResponse<String> answer = ask(key, body);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("x-weir-cache")).contains(i == 0 ? "miss" : "hit");
            assertThat(header(answer, "x-ratelimit-remaining-requests"))
                    .as("requests left after %s", i + 1)
                    .isBetween(REQUESTS - 1 - i, REQUESTS - i);
            assertThat(header(answer, "x-ratelimit-remaining-tokens"))
                    .as("tokens left while request %s is under way", i + 1)
                    .isBetween(TOKENS - used - reserved, TOKENS - reserved);
            used = i == 0 ? json(answer).at("/usage/total_tokens").asInt() : used;
        }
        assertThat(used).isPositive();
        HttpResponse<String> refused = ask(key, body);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).contains(REQUESTS + " requests a minute");

        JsonNode line = json(gateway.send(
                        "GET",
                        "/management/usage?group_by=model",
                        "",
                        "authorization",
                        "Bearer " + TestGateway.MANAGEMENT_KEY))
                .at("/data/1");
        assertThat(line.path("model").asText()).isEqualTo("vectors");
        assertThat(line.path("requests").asInt()).isEqualTo(REQUESTS);
        assertThat(line.path("cache_hits").asInt()).isEqualTo(REQUESTS - 1);
        assertThat(line.path("total_tokens").asInt()).isEqualTo(used);
    }

    private HttpResponse<String> ask(JsonNode key, String body) {
        return gateway.send(
                "POST",
                "/v1/embeddings",
                body,
                "authorization",
                "Bearer " + key.path("key").asText());
    }
}

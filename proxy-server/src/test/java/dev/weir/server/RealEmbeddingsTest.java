package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.embeddings.EmbeddingCreateParams;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors of a real model are the same with the gateway before it and without. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealEmbeddingsTest {
    private static final List<String> TEXTS =
            List.of("a weir holds the river back", "ein Wehr staut den Fluß", "堰は川をせき止める");

    private final HttpClient http = HttpClient.newHttpClient();
    private MiniLmServer ollama;
    private MiniLmServer openai;
    private TestGateway gateway;

    @BeforeAll
    void start() throws IOException {
        ollama = MiniLmServer.ollama();
        openai = MiniLmServer.openai();
        gateway = TestGateway.start("""
                backends:
                  ollama: {url: "%s", kind: ollama}
                  openai: {url: "%s/v1", kind: openai}
                models:
                  ollama: {targets: [{backend: ollama, model: all-minilm}]}
                  openai: {targets: [{backend: openai, model: all-minilm}]}
                """.formatted(ollama.url(), openai.url()));
    }

    @AfterAll
    void stop() {
        gateway.close();
        ollama.close();
        openai.close();
    }

    @ParameterizedTest
    @CsvSource({"ollama, float", "ollama, base64", "openai, float", "openai, base64"})
    void vectorsOnTheWireAreTheSame(String kind, String format) throws Exception {
        String request =
                "{'model': '%s', 'encoding_format': '" + format + "', 'input': ['" + String.join("', '", TEXTS) + "']}";
        JsonNode direct = embeddings(direct(kind), request.formatted("all-minilm"));
        JsonNode proxied = embeddings(gateway.url(), request.formatted(kind));

        assertThat(proxied.path("data")).isEqualTo(direct.path("data")).hasSize(3);
        assertThat(proxied.at("/data/0/embedding").isTextual()).isEqualTo(format.equals("base64"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ollama", "openai"})
    void vectorsThatTheClientLibraryDecodesAreTheSame(String kind) {
        List<Float> direct = decoded(direct(kind), "all-minilm");
        List<Float> proxied = decoded(gateway.url(), kind);

        assertThat(proxied).isEqualTo(direct).hasSize(384);
    }

    @Test
    void textsOfOneMeaningAreNearerThanOthers() {
        float[] river = vector("a dam in a river");
        float[] weir = vector("a weir holds the stream back");
        float[] tax = vector("quarterly tax report");

        assertThat(cosine(river, weir)).isGreaterThan(cosine(river, tax) + 0.3);
    }

    private float[] vector(String text) {
        JsonNode answer =
                TestGateway.json(gateway.post("/v1/embeddings", "{'model': 'ollama', 'input': '" + text + "'}"));
        JsonNode numbers = answer.at("/data/0/embedding");
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) numbers.get(i).asDouble();
        }
        return vector;
    }

    private static double cosine(float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return dot / Math.sqrt(aa * bb);
    }

    private String direct(String kind) {
        return (kind.equals("ollama") ? ollama : openai).url();
    }

    private JsonNode embeddings(String url, String json) throws Exception {
        HttpRequest request =
                TestGateway.request(url + "/v1/embeddings", "POST", json, "authorization", "Bearer " + TestGateway.KEY);
        return TestGateway.json(http.send(request, HttpResponse.BodyHandlers.ofString()));
    }

    private static List<Float> decoded(String url, String model) {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(url + "/v1")
                .apiKey(TestGateway.KEY)
                .maxRetries(0)
                .build();
        try {
            return client.embeddings()
                    .create(EmbeddingCreateParams.builder()
                            .model(model)
                            .input(TEXTS.get(0))
                            .build())
                    .data()
                    .get(0)
                    .embedding();
        } finally {
            client.close();
        }
    }
}

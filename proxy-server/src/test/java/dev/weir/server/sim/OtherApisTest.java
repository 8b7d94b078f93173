package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Transcriptions and reranking. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherApisTest {
    private SimServer server;
    private SimClient client;

    @BeforeAll
    void start() throws IOException {
        server = SimServer.start(SimOptions.instant(SimKind.OPENAI));
        client = new SimClient(server);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private HttpResponse<String> transcribe(String model, String recording) {
        String form = "--X\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + model
                + "\r\n--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\n"
                + "Content-Type: audio/wav\r\n\r\n" + recording + "\r\n--X--\r\n";
        return client.send("POST", "/v1/audio/transcriptions", form, "Content-Type", "multipart/form-data; boundary=X");
    }

    @Test
    void recordingBecomesText() {
        String text = transcribe("phi3", "RIFF one").body();

        assertThat(SimClient.json(text).path("text").asText()).contains(" ").endsWith(".");
        assertThat(transcribe("phi3", "RIFF one").body()).isEqualTo(text);
        assertThat(transcribe("phi3", "RIFF two").body()).isNotEqualTo(text);
    }

    @Test
    void badFormIsRefused() {
        assertThat(transcribe("nope", "x").statusCode()).isEqualTo(404);
        assertThat(client.post("/v1/audio/transcriptions", "{}").statusCode()).isEqualTo(400);
        assertThat(client.send(
                                "POST",
                                "/v1/audio/transcriptions",
                                "--X--\r\n",
                                "Content-Type",
                                "multipart/form-data; boundary=X")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void closestDocumentComesFirst() {
        JsonNode answer = client.postJson("/v1/rerank", """
                {'model':'phi3','query':'reset my password','top_n':2,'documents':
                 ['The harvest was late',{'text':'How to reset my password'},'A password is secret']}""");

        assertThat(answer.path("results")).hasSize(2);
        assertThat(answer.at("/results/0/index").asInt()).isEqualTo(1);
        assertThat(answer.at("/results/0/relevance_score").asDouble())
                .isGreaterThan(answer.at("/results/1/relevance_score").asDouble())
                .isBetween(0.5, 1.0);
    }
}

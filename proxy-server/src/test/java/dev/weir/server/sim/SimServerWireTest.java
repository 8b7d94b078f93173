package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bytes on the connection. */
class SimServerWireTest {
    private static final String TWO_TOKENS =
            "{'model':'phi3','stream':true,'max_tokens':2,'messages':[{'role':'user','content':'Hi'}]}";

    private SimServer server;

    @BeforeEach
    void start() throws IOException {
        server = SimServer.start(SimOptions.instant(SimKind.OPENAI));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void everyEventIsOneChunk() throws IOException {
        try (RawClient client = new RawClient(server)) {
            String answer = client.post("/v1/chat/completions", TWO_TOKENS).readTo("data: [DONE]\n\n\r\n0\r\n\r\n");
            String chunks = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            List<String> events = Pattern.compile("([0-9a-f]+)\r\n(data: [^\n]*\n\n)\r\n")
                    .matcher(chunks)
                    .results()
                    .map(SimServerWireTest::sizedEvent)
                    .toList();

            assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").contains("\r\nTransfer-Encoding: chunked\r\n");
            assertThat(events).hasSize(5);
            assertThat(String.join("", events) + "0\r\n\r\n").isEqualTo(chunks);
        }
    }

    private static String sizedEvent(MatchResult chunk) {
        assertThat(Integer.parseInt(chunk.group(1), 16))
                .isEqualTo(chunk.group(2).getBytes(StandardCharsets.UTF_8).length);
        return chunk.group();
    }

    @Test
    void connectionIsKeptForTheNextRequest() throws IOException {
        try (RawClient client = new RawClient(server)) {
            for (int i = 0; i < 3; i++) {
                client.post("/v1/chat/completions", TWO_TOKENS).readTo("\r\n0\r\n\r\n");
            }
        }
        assertThat(server.stats().requests("/v1/chat/completions")).isEqualTo(3);
        assertThat(server.stats().connections()).isEqualTo(1);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        try (RawClient client = new RawClient(server)) {
            String one = "GET /v1/models/phi3 HTTP/1.1\r\nHost: sim\r\n\r\n";
            String last = "GET /v1/models/gemma2:2b HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n";
            String answers = client.send(one + one + one + last).readToEnd();

            assertThat(Pattern.compile("\"id\":\"([^\"]+)\"").matcher(answers).results())
                    .extracting(found -> found.group(1))
                    .containsExactly("phi3", "phi3", "phi3", "gemma2:2b");
        }
    }

    @Test
    void oldClientGetsTheStreamUntilTheConnectionCloses() throws IOException {
        try (RawClient client = new RawClient(server)) {
            byte[] body = SimClient.quoted(TWO_TOKENS).getBytes(StandardCharsets.UTF_8);
            String answer = client.send("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " + body.length
                            + "\r\n\r\n" + new String(body, StandardCharsets.UTF_8))
                    .readToEnd();

            assertThat(answer).startsWith("HTTP/1.0 200 OK\r\n").endsWith("\n\ndata: [DONE]\n\n");
            assertThat(answer).doesNotContain("Transfer-Encoding");
        }
    }

    @Test
    void headHasALengthAndNoBody() throws IOException {
        try (SimServer ollama = SimServer.start(SimOptions.instant(SimKind.OLLAMA));
                RawClient client = new RawClient(ollama)) {
            String answer = client.send("HEAD / HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n")
                    .readToEnd();

            assertThat(answer).contains("\r\nContent-Length: 17\r\n").endsWith("\r\n\r\n");
        }
    }

    @Test
    void expectationIsMetBeforeTheBody() throws IOException {
        try (RawClient client = new RawClient(server)) {
            byte[] body = SimClient.quoted(TWO_TOKENS).getBytes(StandardCharsets.UTF_8);
            client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: "
                    + body.length + "\r\n\r\n");
            assertThat(client.readTo("\r\n\r\n")).startsWith("HTTP/1.1 100 Continue\r\n");
            assertThat(client.send(new String(body, StandardCharsets.UTF_8)).readTo("\r\n0\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @Test
    void malformedRequestIsRefusedAndTheConnectionClosed() throws IOException {
        try (RawClient client = new RawClient(server)) {
            assertThat(client.send("NOT HTTP AT ALL\r\n\r\n").readToEnd()).startsWith("HTTP/1.1 400 Bad Request\r\n");
        }
    }

    @Test
    void requestIsRecordedAsReceived() throws IOException {
        try (RawClient client = new RawClient(server)) {
            String head = "POST /v1/embeddings?x=1 HTTP/1.1\r\nhOsT: sim\r\nTransfer-Encoding: chunked\r\n\r\n";
            client.send(head + "4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n").readTo("\r\n\r\n");
            RecordedRequest recorded = server.stats().lastRequest().orElseThrow();

            assertThat(recorded.head()).isEqualTo(head);
            assertThat(recorded.bodyText()).isEqualTo("{\"a\":1}");
            assertThat(recorded.header("HOST")).hasValue("sim");
            assertThat(server.stats().requests("/v1/embeddings")).isEqualTo(1);
        }
    }
}

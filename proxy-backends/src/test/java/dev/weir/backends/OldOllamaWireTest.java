package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** OpenAI's API in front of an Ollama from before it spoke that. */
class OldOllamaWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend backend = gateway.backend("a");

    @BeforeEach
    void start() {
        gateway.start();
    }

    private static Script knowingOnly(String path, Script known) {
        return (request, peer) -> {
            if (request.target().equals(path)) {
                known.run(request, peer);
            } else {
                peer.respond(404, "404 page not found", "content-type: text/plain");
            }
        };
    }

    private static Script lines(String... lines) {
        return (request, peer) -> {
            peer.sendHeadChunked(200, "content-type: application/x-ndjson");
            for (String line : lines) {
                peer.chunk(line + "\n");
            }
            peer.endChunks();
        };
    }

    private RawResponse post(String path, String body) {
        return RawClient.post(gateway.port(), path, body);
    }

    @Test
    void aStreamedChatIsToldInItsOwnApi() {
        backend.onRequest(knowingOnly(
                "/api/chat",
                lines(
                        "{\"message\":{\"role\":\"assistant\",\"content\":\"one\"},\"done\":false}",
                        "{\"message\":{\"content\":\" two\"},\"done\":false}",
                        "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":3,"
                                + "\"eval_count\":2}")));

        String text = post(
                        GatewayFixture.CHAT,
                        "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":2,"
                                + "\"stop\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
                                + "\"text\":\"hi\"}]}]}")
                .text();

        assertThat(backend.requests().get(1).text())
                .isEqualTo("{\"stream\":true,\"options\":{\"num_predict\":2,\"stop\":[\"x\"]},"
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"model\":\"served\"}");
        assertThat(text)
                .contains(
                        "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}",
                        "\"content\":\"one\"",
                        "\"content\":\" two\"")
                .contains("\"finish_reason\":\"length\"", "\"total_tokens\":5")
                .endsWith("data: [DONE]\n\n");
    }

    @Test
    void itIsAskedInItsOwnApiAtOnceTheNextTime() {
        backend.onRequest(knowingOnly(
                "/api/chat", Script.ok("{\"message\":{\"content\":\"hi\"},\"done\":true,\"eval_count\":1}")));
        String body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

        assertThat(post(GatewayFixture.CHAT, body).text()).contains("\"content\":\"hi\"", "\"finish_reason\":\"stop\"");
        assertThat(post(GatewayFixture.CHAT, body).status()).isEqualTo(200);

        assertThat(backend.requests()).hasSize(3);
    }

    @Test
    void aStreamThatReportsAnErrorEndsWithOne() {
        backend.onRequest(knowingOnly(
                "/api/chat",
                lines("{\"message\":{\"content\":\"one\"},\"done\":false}", "{\"error\":\"out of memory\"}")));

        assertThat(post(GatewayFixture.CHAT, "{\"model\":\"m\",\"stream\":true,\"messages\":[]}")
                        .text())
                .contains("data: {\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\"")
                .doesNotContain("[DONE]");
    }

    @Test
    void vectorsComeAsTextWhereThatIsWanted() {
        backend.onRequest(knowingOnly("/api/embed", Script.ok("{\"embeddings\":[[1.0,0.5]],\"prompt_eval_count\":2}")));

        assertThat(post("/v1/embeddings", "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\"}")
                        .text())
                .contains("\"embedding\":\"AACAPwAAAD8=\"", "\"prompt_tokens\":2");
    }

    @Test
    void toolsAreRefusedByName() {
        backend.onRequest(knowingOnly("/api/chat", Script.ok("{}")));

        RawResponse response = post(GatewayFixture.CHAT, "{\"model\":\"m\",\"tools\":[{}],\"messages\":[]}");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text()).contains("tools: not possible with backend a");
    }

    @Test
    void aMissingModelIsNoMissingApi() {
        backend.onRequest((request, peer) -> peer.respond(
                404, "{\"error\":{\"message\":\"model 'served' not found\"}}", "content-type: application/json"));

        assertThat(post(GatewayFixture.CHAT, "{\"model\":\"m\"}").status()).isEqualTo(404);
        assertThat(backend.requests()).hasSize(1);
    }
}

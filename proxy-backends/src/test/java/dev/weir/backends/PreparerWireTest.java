package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a target reads of a request's body: its own names; everything else byte for byte. */
class PreparerWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private String received(BackendSpec.Kind kind, String json) {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.kind(kind));
        gateway.start();
        RawClient.post(gateway.port(), GatewayFixture.CHAT, json);
        return backend.awaitRequest(1).text();
    }

    @Test
    void theModelIsCalledAsTheTargetCallsItAndNothingElseChanges() {
        String json =
                "{ \"a\":[1,2.50,1e3,null], \"model\" :\t\"m\" ,\"ü\":\"\\u00fc\\n\",\"model2\":\"m\",\"x\":{\"model\":\"m\"}}";

        assertThat(received(BackendSpec.Kind.OPENAI, json)).isEqualTo(json.replaceFirst("\"m\" ,", "\"served\" ,"));
    }

    @Test
    void aNameThatIsTheSameIsLeftAsItWasWritten() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.model("served", "a").start();
        String json = "{\"model\": \"s\\u0065rved\"}";

        RawClient.post(gateway.port(), GatewayFixture.CHAT, json);

        assertThat(backend.awaitRequest(1).text()).isEqualTo(json);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model\":\"m\",\"max_completion_tokens\":5} | {\"model\":\"served\",\"max_tokens\":5}",
                "{\"max_completion_tokens\":5,\"model\":\"m\"} | {\"max_tokens\":5,\"model\":\"served\"}",
                "{\"max_completion_tokens\":5,\"max_tokens\":6,\"model\":\"m\"} | "
                        + "{\"max_completion_tokens\":5,\"max_tokens\":6,\"model\":\"served\"}",
            })
    void ollamaReadsMaxTokensOnly(String sent, String expected) {
        assertThat(received(BackendSpec.Kind.OLLAMA, sent)).isEqualTo(expected);
    }

    @Test
    void othersReadMaxCompletionTokens() {
        assertThat(received(BackendSpec.Kind.OPENAI, "{\"max_completion_tokens\":5,\"model\":\"m\"}"))
                .isEqualTo("{\"max_completion_tokens\":5,\"model\":\"served\"}");
    }

    @Test
    void eachAttemptBeginsWithWhatTheClientSent() {
        ScriptedBackend ollama =
                gateway.backend("ollama", spec -> spec.weight(1000)).onRequest(Script.status(503));
        ScriptedBackend openai = gateway.backend("openai", spec -> spec.kind(BackendSpec.Kind.OPENAI));
        gateway.start();

        RawClient.post(gateway.port(), GatewayFixture.CHAT, "{\"max_completion_tokens\":5,\"model\":\"m\"}");

        assertThat(ollama.awaitRequest(1).text()).isEqualTo("{\"max_tokens\":5,\"model\":\"served\"}");
        assertThat(openai.awaitRequest(1).text()).isEqualTo("{\"max_completion_tokens\":5,\"model\":\"served\"}");
    }

    @Test
    void aStaleConnectionIsFollowedByTheSameBytes() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.start();
        gateway.post();
        backend.enqueue(Script.closeBeforeHead());

        gateway.post();

        assertThat(backend.awaitRequest(3).rawHead())
                .isEqualTo(backend.awaitRequest(2).rawHead());
        assertThat(backend.awaitRequest(3).text())
                .isEqualTo(backend.awaitRequest(2).text());
    }

    @Test
    void aLargeBodyIsWhole() {
        String filler = "0123456789".repeat(300_000);
        assertThat(received(
                        BackendSpec.Kind.OLLAMA,
                        "{\"prompt\":\"" + filler + "\",\"model\":\"m\",\"max_completion_tokens\":5}"))
                .isEqualTo("{\"prompt\":\"" + filler + "\",\"model\":\"served\",\"max_tokens\":5}");
    }

    @Test
    void aNameThatNeedsEscapesIsAJsonString() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.model(new ModelSpec("m", List.of(new ModelSpec.TargetSpec("a", "quo\"te\\ü", 1)), List.of(), Map.of()))
                .start();

        gateway.post();

        assertThat(backend.awaitRequest(1).text()).isEqualTo("{\"model\": \"quo\\\"te\\\\ü\", \"stream\": true}");
    }

    @Test
    void inAFormTheModelsFieldIsReplaced() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.start();
        String form = """
                --b
                content-disposition: form-data; name="file"; filename="a.wav"
                content-type: audio/wav

                \0\1\2
                --b
                content-disposition: form-data; name="model"

                m
                --b
                content-disposition: form-data; name="language"

                m
                --b--
                """.replace("\n", "\r\n");
        RawClient client = gateway.client();
        client.send("POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\n"
                + "content-type: multipart/form-data; boundary=b\r\ncontent-length: " + form.length() + "\r\n\r\n"
                + form);

        assertThat(client.readResponse().status()).isEqualTo(200);
        assertThat(new String(backend.awaitRequest(1).body(), StandardCharsets.ISO_8859_1))
                .isEqualTo(form.replaceFirst("\r\n\r\nm\r\n", "\r\n\r\nserved\r\n"));
    }

    @Test
    void aModelNobodyHasIsNotFoundAndNamesTheNearest() {
        gateway.backend("a");
        gateway.model("llama3.2:3b", "a").start();

        var response = gateway.post("lama3.2:3b");

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text()).contains("did you mean llama3.2:3b?").contains("\"param\":\"model\"");
    }
}

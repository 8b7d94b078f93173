package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an Ollama gets to see of a policy. Apostrophes stand for quotes. */
class PolicyWireTest {
    private static final Script LOADED_8192 =
            Script.ok("{\"models\": [{\"name\": \"served\", \"context_length\": 8192}]}");
    private static final Script NOTHING_LOADED = Script.ok("{\"models\": []}");

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend backend = gateway.backend("a", spec -> spec.health(20, 1_000, 3, 2));

    private void start(OllamaPolicy policy) {
        gateway.model(new ModelSpec(
                        "m",
                        List.of(new ModelSpec.TargetSpec("a", "served", 1)),
                        List.of(),
                        Map.of(),
                        Balancing.DEFAULT,
                        policy))
                .start();
    }

    private HostedModel hosted() {
        return Objects.requireNonNull(gateway.seen("a").hosted().get("served:latest"));
    }

    private String received(String path, String body) {
        RawClient.post(gateway.port(), path, body.replace('\'', '"'));
        return backend.awaitRequest(1).text().replace('"', '\'');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/api/chat       | {'model':'m'} | {'options':{'num_ctx':4096},'keep_alive':'10m','model':'served'}",
                "/api/generate   | {'model':'m','options':{'num_ctx':99999}} | {'keep_alive':'10m','model':'served','options':{'num_ctx':8192}}",
                "/api/embed      | {'model':'m','keep_alive':0,'options':{'num_ctx':512}} | {'model':'served','keep_alive':'10m','options':{'num_ctx':512}}",
                "/v1/embeddings  | {'model':'m','input':'a'} | {'model':'served','input':'a'}",
            })
    void theContextLengthIsSetAndCappedAndKeepAliveReplaced(String path, String body, String expected) {
        start(new OllamaPolicy(4096, 8192, "10m", false));

        assertThat(received(path, body)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'model':'m','options':{'num_ctx':2048}}  | {'model':'served','options':{'num_ctx':8192}}",
                "{'model':'m','options':{'num_ctx':16384}} | {'model':'served','options':{'num_ctx':16384}}",
                "{'model':'m'}                             | {'model':'served'}",
            })
    void aContextBelowTheLoadedOneNeverHasTheModelLoadedAnew(String body, String expected) {
        backend.onLoaded(LOADED_8192);
        start(OllamaPolicy.NONE);
        Await.until("the context length is known", () -> hosted().contextLength() == 8192);

        assertThat(received("/api/chat", body)).isEqualTo(expected);
    }

    private List<String> preloads() {
        return backend.requests().stream()
                .filter(request -> request.target().equals("/api/generate"))
                .map(ReceivedRequest::text)
                .toList();
    }

    private static String preload() {
        return "{\"model\":\"served\",\"keep_alive\":-1,\"options\":{\"num_ctx\":8192},\"stream\":false}";
    }

    @Test
    void aModelIsPreloadedWithItsPolicyAndAgainAfterARestart() {
        backend.onLoaded(NOTHING_LOADED).onRequest((request, peer) -> {
            backend.onLoaded(LOADED_8192);
            peer.json("{\"done\": true}");
        });
        start(new OllamaPolicy(8192, null, "-1", true));
        Await.until("it is preloaded", () -> hosted().residency() == HostedModel.Residency.LOADED);
        assertThat(preloads()).containsExactly(preload());

        backend.onLoaded(Script.status(500)).onProbe(Script.status(500));
        Await.until("it is down", () -> gateway.seen("a").state().equals("down"));
        backend.onLoaded(NOTHING_LOADED).onProbe(Script.ok("{\"version\": \"0\"}"));

        Await.until("it is preloaded again", () -> preloads().size() == 2);
        assertThat(preloads()).containsExactly(preload(), preload());
        Await.until("it is loaded again", () -> hosted().residency() == HostedModel.Residency.LOADED);
    }

    @Test
    void aModelThatOnlyEmbedsIsPreloadedAsSuch() {
        backend.onLoaded(NOTHING_LOADED).onRequest((request, peer) -> {
            if (request.target().equals("/api/generate")) {
                peer.respond(400, "{\"error\":\"does not support generate\"}", "content-type: application/json");
            } else {
                backend.onLoaded(LOADED_8192);
                peer.json("{\"embeddings\": []}");
            }
        });
        start(new OllamaPolicy(null, null, null, true));

        Await.until("it is preloaded", () -> hosted().residency() == HostedModel.Residency.LOADED);

        assertThat(backend.requests())
                .extracting(ReceivedRequest::target)
                .containsExactly("/api/generate", "/api/embed");
    }
}

package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.backends.HostedModel.Residency;
import dev.weir.testing.Await;
import dev.weir.testing.BackendPeer;
import dev.weir.testing.RawClient;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What answers of Ollama's own API teach about how long loading takes. */
class LoadTimeWireTest {
    /** Ninety seconds: nothing that a test would take by itself. */
    private static final String DONE = "{\"model\":\"served\",\"response\":\"\",\"done\":true,"
            + "\"total_duration\":91000000000,\"load_duration\":90000000000,\"eval_count\":1}\n";

    private static final Script LISTED = Script.ok("{\"models\": [{\"name\": \"served\"}]}");

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend backend = gateway.backend("a");

    private static void stream(ReceivedRequest request, BackendPeer peer) {
        peer.sendHeadChunked(200, "content-type: application/x-ndjson");
        peer.chunk("{\"response\":\"a\",\"done\":false}\n");
        peer.chunk(DONE);
        peer.endChunks();
    }

    private HostedModel hosted() {
        return Objects.requireNonNull(gateway.seen("a").hosted().get("served:latest"));
    }

    private void startCold() {
        backend.onLoaded(Script.ok("{\"models\": []}"));
        gateway.start();
        Await.until("the model is known to be cold", () -> hosted().residency() == Residency.COLD);
    }

    /** A backend that says from the first request on that the model is loaded. */
    private void loadsOnRequest(Script answer) {
        backend.onRequest((request, peer) -> {
            backend.onLoaded(LISTED);
            answer.run(request, peer);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "/api/chat, true",
        "/api/chat, false",
        "/api/generate, true",
        "/api/generate, false",
        "/api/embed, false",
    })
    void theEndOfAnAnswerThatLoadedTheModelTellsHowLongThatTook(String path, boolean stream) {
        loadsOnRequest(stream ? LoadTimeWireTest::stream : Script.ok(DONE));
        startCold();

        RawClient.post(gateway.port(), path, "{\"model\": \"m\", \"stream\": " + stream + "}");

        Await.until("the time is known", () -> hosted().loadMillis() > 10_000);
        assertThat(hosted().residency()).isEqualTo(Residency.LOADED);
    }

    @Test
    void anAnswerOfALoadedModelTellsNothing() {
        backend.onRequest(Script.ok(DONE));
        backend.onLoaded(LISTED);
        gateway.start();
        Await.until("the model is known to be loaded", () -> hosted().residency() == Residency.LOADED);

        RawClient.post(gateway.port(), "/api/chat", "{\"model\": \"m\", \"stream\": false}");
        gateway.awaitNothingInFlight();

        assertThat(hosted().loadMillis()).isZero();
    }

    @Test
    void whereNobodyKnowsWhatIsLoadedALongLoadTellsAllTheSame() {
        backend.onRequest(Script.ok(DONE));
        gateway.start();

        RawClient.post(gateway.port(), "/api/generate", "{\"model\": \"m\", \"stream\": false}");

        Await.until("the time is known", () -> hosted().loadMillis() == 90_000);
    }
}

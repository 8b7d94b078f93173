package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model on backends of both kinds, and requests that only one kind can be told. */
class MixedKindsWireTest {
    private static final String TOOLS =
            "{\"model\":\"m\",\"stream\":false,\"tools\":[{\"type\":\"function\"}],\"messages\":[]}";
    private static final String IMAGES =
            "{\"model\":\"m\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"?\",\"images\":[\"aGk=\"]}]}";
    private static final Script OLLAMAS = Script.ok("{\"message\":{\"content\":\"ollama\"},\"done\":true}");

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend ollama =
            gateway.backend("ollama", spec -> spec.maxInFlight(1)).onRequest(OLLAMAS);
    private final ScriptedBackend openai = gateway.backend("openai", spec -> spec.kind(BackendSpec.Kind.OPENAI));

    private RawResponse chat(String body) {
        return RawClient.post(gateway.port(), "/api/chat", body);
    }

    @ParameterizedTest
    @ValueSource(strings = {TOOLS, IMAGES})
    void whatOneCannotBeToldGoesToTheOther(String body) {
        gateway.model("m", "openai", "ollama").start();

        for (int i = 0; i < 8; i++) {
            RawResponse response = chat(body);
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("x-weir-backend")).isEqualTo("ollama");
        }

        assertThat(openai.requests()).isEmpty();
        assertThat(gateway.events().seen()).isEmpty();
    }

    @Test
    void itGoesToAFallbackToo() {
        gateway.model("m", List.of("other"), "openai").model("other", "ollama").start();

        RawResponse response = chat(TOOLS);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("x-weir-model")).isEqualTo("other");
    }

    @Test
    void itIsA400WhereNobodyCanBeToldIt() {
        gateway.model("m", "openai").start();

        RawResponse response = chat(TOOLS);

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text()).contains("tools: not possible with backend openai");
        assertThat(gateway.seen("openai").inFlight()).isZero();
    }

    @Test
    void itWaitsForTheOneWhoCan() {
        CountDownLatch release = new CountDownLatch(1);
        ollama.onRequest((request, peer) -> {
            release.await();
            OLLAMAS.run(request, peer);
        });
        gateway.model("m", "openai", "ollama").model("own", "ollama").start();
        RawClient first = gateway.client();
        first.sendRequest("POST /api/chat", TOOLS.replace("\"m\"", "\"own\""));
        ollama.awaitRequest(1);
        RawClient second = gateway.client();
        second.sendRequest("POST /api/chat", TOOLS);
        gateway.awaitQueued("m", 1);

        release.countDown();

        assertThat(second.readResponse().header("x-weir-backend")).isEqualTo("ollama");
        assertThat(first.readResponse().status()).isEqualTo(200);
    }

    @Test
    void whatIsFoundToBeOldInTheMiddleGivesWayToOthers() {
        ScriptedBackend old = gateway.backend("old")
                .onRequest((request, peer) -> peer.respond(404, "404 page not found", "content-type: text/plain"));
        openai.onRequest(Script.ok("{\"choices\":[]}"));
        gateway.model("m", List.of("other"), "old").model("other", "openai").start();

        RawResponse response = RawClient.post(gateway.port(), GatewayFixture.CHAT, TOOLS);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("x-weir-backend")).isEqualTo("openai");
        assertThat(old.requests()).hasSize(1);
        assertThat(gateway.seen("old").inFlight()).isZero();
    }
}

package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When another model stands in. */
class FallbackWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend first = gateway.backend("first", spec -> spec.maxInFlight(1));
    private final ScriptedBackend second = gateway.backend("second");

    private void startWithFallback() {
        gateway.model("m", List.of("spare"), "first").model("spare", "second").start();
    }

    private void assertSpareAnswered(RawResponse response) {
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("x-weir-model")).isEqualTo("spare");
        assertThat(response.header("x-weir-backend")).isEqualTo("second");
        assertThat(gateway.events().seen()).contains("fell back m spare");
    }

    @Test
    void whenTheConnectionIsRefused() {
        first.fake().refuseConnections();
        startWithFallback();

        assertSpareAnswered(gateway.post());
    }

    @Test
    void whenAllAttemptsFailBeforeTheHead() {
        first.onRequest(Script.resetBeforeHead());
        startWithFallback();

        assertSpareAnswered(gateway.post());
    }

    @Test
    void whenTheHeadIsLate() {
        gateway.spec(new SpecBuilder("first", first.fake().url())
                .maxInFlight(1)
                .firstByteMillis(500)
                .build());
        first.onRequest(Script.neverAnswers());
        startWithFallback();

        assertSpareAnswered(gateway.post());
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504})
    void whenTheAnswerIsAServerError(int status) {
        first.onRequest(Script.status(status));
        startWithFallback();

        assertSpareAnswered(gateway.post());
    }

    @Test
    void whenNoTargetIsUp() {
        startWithFallback();
        gateway.seen("first").drain();

        assertSpareAnswered(gateway.post());
        assertThat(first.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whenTheQueueIsFullOrTheWaitTooLong(int queueMax) {
        CountDownLatch answer = new CountDownLatch(1);
        first.onRequest((request, peer) -> {
            answer.await(5, TimeUnit.SECONDS);
            peer.json("{}");
        });
        gateway.settings(new BackendGroup.Settings(2, 20, 10, queueMax, 100));
        gateway.model("m", List.of("spare"), "first").model("spare", "second").start();
        RawClient holder = gateway.ask();
        first.awaitRequest(1);

        assertSpareAnswered(gateway.post());
        answer.countDown();
        assertThat(holder.readResponse().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 429})
    void neverForAClientsError(int status) {
        first.onRequest(Script.status(status));
        startWithFallback();

        assertThat(gateway.post().status()).isEqualTo(status);
        assertThat(second.requests()).isEmpty();
    }

    @Test
    void neverAfterTheHead() {
        first.onRequest(Script.closeMidBody());
        startWithFallback();

        assertThat(gateway.post().complete()).isFalse();
        assertThat(second.requests()).isEmpty();
    }

    @Test
    void aFallbacksOwnFallbacksDoNotCount() {
        first.fake().refuseConnections();
        gateway.backend("dead").fake().refuseConnections();
        gateway.model("m", List.of("spare"), "first")
                .model("spare", List.of("third"), "dead")
                .model("third", "second")
                .start();

        assertThat(gateway.post().status()).isEqualTo(503);
        assertThat(second.requests()).isEmpty();
    }

    @Test
    void theyAreTriedInOrder() {
        first.fake().refuseConnections();
        gateway.backend("dead").fake().refuseConnections();
        gateway.model("m", List.of("bad", "spare"), "first")
                .model("bad", "dead")
                .model("spare", "second")
                .start();

        assertThat(gateway.post().header("x-weir-model")).isEqualTo("spare");
        assertThat(gateway.events().seen())
                .containsExactly(
                        "failed first refused", "fell back m bad", "failed dead refused", "fell back bad spare");
    }

    @Test
    void whenNobodyCanTheLastFailureIsTold() {
        first.onRequest(Script.closeBeforeHead());
        second.fake().refuseConnections();
        startWithFallback();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).contains("second");
    }
}

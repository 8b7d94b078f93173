package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Outcome;
import dev.weir.testing.Await;
import dev.weir.testing.BlackHole;
import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever leaves is noticed in every state of a call: the backend is let go within a second, the slot is free again. */
class ClientLeavesWireTest {
    private static final Duration AT_ONCE = Duration.ofSeconds(4);

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    /** The ways to leave. */
    enum Exit {
        FIN,
        RST;

        void take(RawClient client) {
            if (this == FIN) {
                client.close();
            } else {
                client.reset();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void inTheQueueItsPlaceIsGivenUp(Exit exit) {
        CountDownLatch answer = new CountDownLatch(1);
        ScriptedBackend backend = gateway.backend("a", spec -> spec.maxInFlight(1));
        backend.onRequest((request, peer) -> {
            answer.await(5, TimeUnit.SECONDS);
            peer.json("{}");
        });
        gateway.start();
        RawClient first = gateway.ask();
        backend.awaitRequest(1);
        RawClient second = gateway.ask();
        gateway.awaitQueued("m", 1);

        exit.take(second);

        Await.until(AT_ONCE, "the queue is empty", () -> gateway.group("m").queued() == 0);
        answer.countDown();
        assertThat(first.readResponse().status()).isEqualTo(200);
        assertThat(backend.requests()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void whileConnectingTheSlotIsFreeAtOnce(Exit exit) {
        try (BlackHole hole = BlackHole.open()) {
            gateway.spec(new SpecBuilder("hole", "http://127.0.0.1:" + hole.port())
                            .connectMillis(30_000)
                            .build())
                    .start();
            RawClient client = gateway.ask();
            Await.until("the slot is taken", () -> gateway.seen("hole").inFlight() == 1);

            exit.take(client);

            Await.until(AT_ONCE, "the slot is free", () -> gateway.seen("hole").inFlight() == 0);
            assertThat(gateway.events().seen()).containsExactly("cancelled hole");
        }
    }

    @ParameterizedTest
    @EnumSource
    void duringTheTlsHandshakeTheBackendIsLetGo(Exit exit) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            gateway.spec(new SpecBuilder("tls", "https://127.0.0.1:" + silent.getLocalPort())
                            .connectMillis(30_000)
                            .health(3_600_000, 1, 3, 2)
                            .build())
                    .start();
            RawClient client = gateway.ask();
            Await.until("the slot is taken", () -> gateway.seen("tls").inFlight() == 1);
            silent.setSoTimeout(2_000);

            exit.take(client);

            Await.until(AT_ONCE, "the slot is free", () -> gateway.seen("tls").inFlight() == 0);
            for (int i = 0; i < 2; i++) { // the health check's connection is one of them
                try (Socket accepted = silent.accept()) {
                    accepted.setSoTimeout(2_000);
                    assertThat(accepted.getInputStream().readAllBytes()).isNotNull();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void beforeTheFirstByteTheBackendIsLetGo(Exit exit) throws Exception {
        ScriptedBackend backend = gateway.backend("a");
        CountDownLatch gone = new CountDownLatch(1);
        backend.onRequest((request, peer) -> {
            peer.awaitClientGone(Duration.ofSeconds(10));
            gone.countDown();
        });
        gateway.start();
        RawClient client = gateway.ask();
        backend.awaitRequest(1);

        exit.take(client);

        assertThat(gone.await(4, TimeUnit.SECONDS)).isTrue();
        Await.until(AT_ONCE, "the slot is free", () -> gateway.seen("a").inFlight() == 0);
        assertThat(gateway.events().seen()).containsExactly("cancelled a");
        assertThat(gateway.outcomes()).extracting(Outcome::end).containsExactly(Outcome.End.CLIENT_LEFT);
    }

    @ParameterizedTest
    @EnumSource
    void inTheMiddleOfAStreamTheBackendIsLetGo(Exit exit) throws Exception {
        ScriptedBackend backend = gateway.backend("a");
        CountDownLatch gone = new CountDownLatch(1);
        backend.onRequest((request, peer) -> {
            peer.startSse();
            peer.sse(Script.chatEvent("one"));
            peer.awaitClientGone(Duration.ofSeconds(10));
            gone.countDown();
        });
        gateway.start();
        RawClient client = gateway.ask();
        client.readHead();
        assertThat(client.readSseEvent()).contains("one");

        exit.take(client);

        assertThat(gone.await(4, TimeUnit.SECONDS)).isTrue();
        Await.until(AT_ONCE, "the slot is free", () -> gateway.seen("a").inFlight() == 0);
        assertThat(gateway.events().seen()).containsExactly("cancelled a");
    }

    @ParameterizedTest
    @EnumSource
    void inTheMiddleOfARelayedUploadTheBackendIsLetGo(Exit exit) throws Exception {
        ScriptedBackend backend = gateway.backend("a");
        backend.fake().answerBeforeBody();
        CountDownLatch gone = new CountDownLatch(1);
        backend.onRequest((request, peer) -> {
            peer.awaitClientGone(Duration.ofSeconds(10));
            gone.countDown();
        });
        gateway.start();
        RawClient client = gateway.client();
        client.send("POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nhalf of it");
        backend.awaitRequest(1);

        exit.take(client);

        assertThat(gone.await(4, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aClientThatLeftIsNoFailureOfTheBackend() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.eject(1, 60_000, 60_000));
        backend.enqueue(Script.neverAnswers(), Script.neverAnswers(), Script.neverAnswers());
        gateway.start();
        for (int i = 1; i <= 3; i++) {
            RawClient client = gateway.ask();
            backend.awaitRequest(i);
            client.reset();
            gateway.awaitNothingInFlight();
        }

        assertThat(gateway.seen("a").state()).isEqualTo("up");
        assertThat(gateway.post().status()).isEqualTo(200);
    }
}

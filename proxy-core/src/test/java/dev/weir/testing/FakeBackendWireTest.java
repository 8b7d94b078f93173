package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link FakeBackend} against {@link RawClient}: what the backend sees, and how it comes and goes. */
final class FakeBackendWireTest {
    private static final Duration SHORT = Duration.ofMillis(150);

    private final FakeBackend backend = FakeBackend.start();

    @AfterEach
    void closeBackend() {
        backend.close();
    }

    @Test
    void backendSeesTheClientLeave() {
        AtomicLong goneNanos = new AtomicLong();
        backend.onRequest((request, peer) -> goneNanos.set(peer.awaitClientGone(Duration.ofSeconds(5))));
        long beforeNanos = System.nanoTime();
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            backend.awaitRequest(1);
            client.reset();
        }
        backend.awaitOpenConnections(0);
        assertThat(goneNanos.get() - beforeNanos)
                .isBetween(1L, Duration.ofSeconds(5).toNanos());
    }

    @Test
    void halfClosedClientStillReads() {
        backend.onRequest((request, peer) -> {
            peer.awaitClientGone(Duration.ofSeconds(5));
            peer.json("{\"late\": true}");
        });
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            client.shutdownOutput();
            assertThat(client.readResponse().text()).isEqualTo("{\"late\": true}");
        }
    }

    @Test
    void refusedConnectionsAreAcceptedAgainOnTheSamePort() {
        try (RawClient old = RawClient.connect(backend.port())) {
            backend.awaitOpenConnections(1);
            backend.refuseConnections();
            assertThatThrownBy(() -> RawClient.connect(backend.port()))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("refused");
            old.sendRequest("GET /", "");
            assertThat(old.readResponse().status()).isEqualTo(200);

            backend.acceptAgain();
            assertThat(RawClient.get(backend.port(), "/").status()).isEqualTo(200);
        }
    }

    @Test
    void onlyIdleConnectionsAreClosedOnRequest() {
        backend.enqueue(Script.ok("{}"), Script.neverAnswers());
        try (RawClient idle = RawClient.connect(backend.port());
                RawClient busy = RawClient.connect(backend.port())) {
            idle.sendRequest("GET /", "");
            idle.readResponse();
            busy.sendRequest("GET /", "");
            backend.awaitRequest(2);
            backend.awaitIdleConnections(1);
            backend.closeIdleConnections();
            idle.expectClosed();
            busy.expectSilence(SHORT);
        }
    }

    @Test
    void uploadStallsWhenTheBackendDoesNotRead() {
        AtomicReference<byte[]> firstPiece = new AtomicReference<>();
        backend.answerBeforeBody().enqueue((request, peer) -> {
            firstPiece.set(peer.readMore());
            backend.awaitRequest(2);
            peer.reset();
        });
        try (RawClient client = RawClient.connect(backend.port());
                RawClient other = RawClient.connect(backend.port())) {
            client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n");
            Sending sending = client.sendInBackground(new byte[64 * 1024], 100_000_000);
            Await.until("sending began", () -> sending.sentBytes() > 0);
            long sentBytes = sending.awaitStalled(SHORT, Duration.ofSeconds(5));
            assertThat(sentBytes).isBetween(64L * 1024, 99_000_000L);
            other.sendRequest("GET /", "");
            client.expectReset();
            assertThat(firstPiece.get()).isNotEmpty();
        }
    }

    @Test
    void downloadStallsWhenTheClientDoesNotRead() throws Exception {
        CompletableFuture<Sending> started = new CompletableFuture<>();
        backend.onRequest((request, peer) -> {
            peer.sendRaw("HTTP/1.1 200 OK\r\n\r\n");
            started.complete(peer.sendInBackground(new byte[16 * 1024], 100_000_000));
            peer.stall();
        });
        try (RawClient client = RawClient.connect(backend.port(), 8 * 1024)) {
            client.sendRequest("GET /", "");
            Sending sending = started.get(5, TimeUnit.SECONDS);
            assertThat(sending.awaitStalled(SHORT, Duration.ofSeconds(5))).isLessThan(99_000_000L);
            assertThat(client.readHead().status()).isEqualTo(200);
            assertThat(client.readExactly(100_000)).containsOnly(0);
            assertThat(client.readSome()).isNotEmpty();
            assertThat(sending.finished()).isFalse();
        }
    }

    @Test
    void closeWakesAScriptThatWaitsForSomethingElse() {
        CountDownLatch never = new CountDownLatch(1);
        backend.onRequest((request, peer) -> never.await());
        try (RawClient client = RawClient.connect(backend.port())) {
            client.sendRequest("GET /", "");
            backend.awaitRequest(1);
            backend.close();
            client.closedOrReset();
        }
        assertThat(backend.openConnections()).isZero();
    }

    @Test
    void malformedRequestFailsTheBackend() {
        try (RawClient client = RawClient.connect(backend.port())) {
            client.send("GET / HTTP/1.1\nhost: a\n\n");
            client.closedOrReset();
        }
        Await.until("the failure is noted", () -> !backend.failures().isEmpty());
        assertThatThrownBy(backend::close).isInstanceOf(AssertionError.class).hasMessageContaining("bare LF");
        backend.clearFailures();
    }

    @Test
    void failedScriptFailsTheBackend() {
        backend.onRequest((request, peer) -> assertThat(request.method()).isEqualTo("PUT"));
        assertThat(RawClient.get(backend.port(), "/").complete()).isFalse();
        backend.awaitOpenConnections(0);
        assertThatThrownBy(backend::close).isInstanceOf(AssertionError.class).hasMessageContaining("PUT");
        backend.clearFailures();
    }

    @Test
    void brokenOffRequestIsCountedAndNotAnswered() {
        try (RawClient client = RawClient.connect(backend.port())) {
            client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabc");
            client.shutdownOutput();
            client.expectClosed();
        }
        assertThat(backend.brokenOffRequests()).isEqualTo(1);
        assertThat(backend.requests()).isEqualTo(List.of());
    }
}

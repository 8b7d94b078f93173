package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.Sending;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that reads slowly slows its backend down, and nothing piles up in between. */
class BackpressureWireTest {
    private static final int CHUNK = 64 * 1024;
    private static final long TOTAL = 200L * 1024 * 1024;

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    @Test
    void anAnswerNobodyReadsStopsTheBackendUntilItIsRead() {
        CompletableFuture<Sending> sending = new CompletableFuture<>();
        gateway.backend("a").onRequest((request, peer) -> {
            peer.sendRaw("HTTP/1.1 200 OK\r\ncontent-length: " + TOTAL + "\r\n\r\n");
            sending.complete(peer.sendInBackground(new byte[CHUNK], TOTAL));
            peer.stall();
        });
        gateway.start();
        RawClient client = RawClient.connect(gateway.port(), 16 * 1024).timeout(Duration.ofSeconds(20));
        try (client) {
            client.sendRequest("POST " + GatewayFixture.CHAT, GatewayFixture.body("m"));

            // What the kernel's buffers on the way take differs; a gateway that buffered would take it all.
            assertThat(sending.orTimeout(10, TimeUnit.SECONDS)
                            .join()
                            .awaitStalled(Duration.ofMillis(500), Duration.ofSeconds(10)))
                    .isLessThan(24L * 1024 * 1024);

            assertThat(client.readHead().status()).isEqualTo(200);
            long read = 0;
            while (read < TOTAL) {
                int more = client.readSome().length;
                assertThat(more).isPositive();
                read += more;
            }
            assertThat(read).isEqualTo(TOTAL);
        }
    }

    @Test
    void anUploadTheBackendDoesNotReadStopsTheClient() {
        ScriptedBackend backend = gateway.backend("a");
        backend.fake().answerBeforeBody();
        CountDownLatch read = new CountDownLatch(1);
        backend.onRequest((request, peer) -> {
            read.await();
            assertThat(peer.readBody()).hasSize((int) (TOTAL / 4));
            peer.json("{}");
        });
        gateway.start();
        RawClient client = gateway.client().timeout(Duration.ofSeconds(20));
        client.send(("POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: " + TOTAL / 4 + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        Sending sending = client.sendInBackground(new byte[CHUNK], TOTAL / 4);

        assertThat(sending.awaitStalled(Duration.ofMillis(500), Duration.ofSeconds(10)))
                .isLessThan(24L * 1024 * 1024);
        read.countDown();

        assertThat(client.readResponse().status()).isEqualTo(200);
    }
}

package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.Sending;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is held for a side that is slower than the other stays bounded, in both directions. */
final class BackpressureWireTest {
    private static final int PART_BYTES = 16 * 1024;
    private static final Duration QUIET = Duration.ofMillis(150);
    private static final Duration LONG = Duration.ofSeconds(5);

    private final Served.ByTest taking = new Served.ByTest();
    private final Served.ByTest refusing = new Served.ByTest(false);
    private final TestGateway gateway =
            TestGateway.start(TestGateway.client("/taking", taking), large("/refusing", refusing));

    @AfterEach
    void stop() {
        gateway.close();
    }

    private static Route large(String path, Endpoint endpoint) {
        Route route = TestGateway.client(path, endpoint);
        return new Route(
                path, route.access(), route.dialect(), route.chain(), endpoint, route.requestReader(), 100_000_000);
    }

    @Test
    void backendIsToldWhenTheClientTakesNoMoreAndWhenItTakesAgain() {
        String part = "x".repeat(PART_BYTES);
        try (RawClient client = RawClient.connect(gateway.port(), 16 * 1024)) {
            client.sendRequest("GET /taking", "");
            Served served = taking.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            int parts = 0;
            while (served.clientTakesMore()) {
                served.write(part);
                parts++;
            }
            assertThat(served.resumes()).isZero();
            long written = (long) parts * PART_BYTES;
            assertThat(written).isLessThan(16_000_000);

            client.readHead();
            for (int i = 0; i < parts; i++) {
                assertThat(client.readChunk()).hasSize(PART_BYTES);
            }
            Await.until("the backend is resumed", () -> served.resumes() > 0);
            assertThat(served.clientTakesMore()).isTrue();
            served.writeLast("end");
            assertThat(client.readRest().text()).isEqualTo("end");
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.ANSWERED);
    }

    @Test
    void clientIsNotReadWhileTheUpstreamTakesNothing() {
        int total = 50_000_000;
        try (RawClient client = gateway.connect()) {
            client.send("POST /refusing HTTP/1.1\r\nHost: a\r\nContent-Length: " + total + "\r\n\r\n");
            Served served = refusing.await();
            Sending upload = client.sendInBackground(new byte[PART_BYTES], total);
            long held = upload.awaitStalled(QUIET, LONG);
            assertThat(held).isLessThan(total / 2);
            assertThat(served.receivedBytes()).isZero();

            served.setWritable(true);
            Await.until("all of the upload has arrived", () -> served.receivedBytes() == total);
            served.awaitLast();
        }
    }

    @Test
    void clientIsReadAgainAfterEveryPause() {
        int total = 10_000_000;
        try (RawClient client = gateway.connect()) {
            client.send("POST /refusing HTTP/1.1\r\nHost: a\r\nContent-Length: " + total + "\r\n\r\n");
            Served served = refusing.await();
            served.pauseAfterEveryPart();
            Sending upload = client.sendInBackground(new byte[PART_BYTES], total);
            Await.until(LONG, "all of the upload has arrived", () -> {
                served.setWritable(true);
                return served.receivedBytes() == total;
            });
            Await.until("all was sent", upload::finished);
            served.awaitLast();
        }
    }

    @Test
    void clientThatSendsAheadIsNotReadWithoutBound() {
        int total = 50_000_000;
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /taking", "");
            Served served = taking.await();
            byte[] request =
                    "GET /health HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000).getBytes(StandardCharsets.US_ASCII);
            Sending ahead = client.sendInBackground(request, total);
            assertThat(ahead.awaitStalled(QUIET, LONG)).isLessThan(total / 2);
            served.writeHead(200, 4);
            served.writeLast("done");
            assertThat(client.readResponse().text()).isEqualTo("done");
            for (int i = 0; i < 1000; i++) {
                assertThat(client.readResponse().text()).isEqualTo("ok");
            }
        }
    }
}

package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that are slow, in every way a client can be. */
final class DeadlinesWireTest {
    private static final long LONG_MILLIS = 20_000;
    private static final long SHORT_MILLIS = 60;
    private static final int LARGE_BYTES = 16 * 1024 * 1024;
    private static final byte[] SLOW_HEAD =
            ("GET /health HTTP/1.1\r\nHost: a\r\n" + "X: 1\r\n".repeat(1000)).getBytes(StandardCharsets.US_ASCII);

    private final Served.ByTest manual = new Served.ByTest();
    private final Served.ByTest unwritable = new Served.ByTest(false);
    private @Nullable TestGateway gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private TestGateway start(long header, long bodyIdle, long keepAlive, long writeStall) {
        EngineSettings settings =
                TestGateway.settings(new EngineSettings.Timeouts(header, bodyIdle, keepAlive, writeStall, LONG_MILLIS));
        TestGateway started = TestGateway.start(
                settings,
                TestGateway.client("/manual", manual),
                TestGateway.client("/unwritable", unwritable),
                TestGateway.open(
                        "/large", Endpoint.answering(exchange -> LocalResponse.text(200, "x".repeat(LARGE_BYTES)))));
        gateway = started;
        return started;
    }

    @Test
    void headThatDripsIs408AtTheTotalDeadline() {
        TestGateway started = start(SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            long start = System.nanoTime();
            dripUntilAnswered(client);
            RawResponse answer = client.readResponse();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(SHORT_MILLIS * 1_000_000);
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.header("connection")).isEqualTo("close");
            client.closedOrReset();
        }
        assertThat(started.awaitRefused()).isEqualTo(408);
    }

    @Test
    void secondHeadOfAConnectionHasTheSameDeadline() {
        TestGateway started = start(SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
            dripUntilAnswered(client);
            assertThat(client.readResponse().status()).isEqualTo(408);
        }
        assertThat(started.awaitRefused()).isEqualTo(408);
    }

    private void dripUntilAnswered(RawClient client) {
        client.sendSlowly(Arrays.copyOf(SLOW_HEAD, 60), 3, 2_000_000);
    }

    @Test
    void connectionOnWhichNothingComesIsClosedSilently() {
        TestGateway started = start(SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.expectClosed();
        }
        assertThat(started.takeRest()).isEmpty();
    }

    @Test
    void idleConnectionIsClosedSilently() {
        TestGateway started = start(LONG_MILLIS, LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
            client.expectClosed();
        }
        started.awaitEnded();
        assertThat(started.takeRest()).isEmpty();
    }

    @Test
    void idleTimeBeginsAnewWithEveryRequest() {
        TestGateway started = start(LONG_MILLIS, LONG_MILLIS, 1_500, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < 3_000_000_000L) {
                client.sendRequest("GET /health", "");
                assertThat(client.readResponse().text()).isEqualTo("ok");
                client.expectSilence(Duration.ofMillis(20));
            }
        }
    }

    @Test
    void collectedBodyThatStopsIs408() {
        TestGateway started = start(LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.header("connection")).isEqualTo("close");
            client.expectClosed();
        }
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.REQUEST_TIMEOUT);
    }

    @Test
    void bodyThatIsNeverSentIs408() {
        TestGateway started = start(LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertThat(client.readResponse().status()).isEqualTo(408);
        }
    }

    @Test
    void bodyThatMovesIsNotLate() {
        TestGateway started = start(LONG_MILLIS, 2_000, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 102400\r\n\r\n");
            client.sendSlowly("x".repeat(102_400).getBytes(StandardCharsets.US_ASCII), 2_048, 60_000_000);
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void bodyThatDripsIs408AlthoughItNeverStops() {
        TestGateway started = start(LONG_MILLIS, 300, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
            client.sendSlowly("x".repeat(60).getBytes(StandardCharsets.US_ASCII), 1, 10_000_000);
            assertThat(client.readResponse().status()).isEqualTo(408);
            client.closedOrReset();
        }
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.REQUEST_TIMEOUT);
    }

    @Test
    void aDripOnTheNextRequestOfAConnectionIsSeenToo() {
        TestGateway started = start(LONG_MILLIS, 1_500, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
            client.expectSilence(Duration.ofMillis(20));
            client.send("cd");
            assertThat(client.readResponse().text()).isEqualTo("abcd");
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
            assertThat(client.readResponse().status()).isEqualTo(408);
        }
    }

    @Test
    void streamedBodyThatStopsIs408AndTheUpstreamCancelled() {
        TestGateway started = start(LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /manual HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
            Served served = manual.await();
            assertThat(client.readResponse().status()).isEqualTo(408);
            served.awaitCancelled();
            assertThat(served.lasts()).isZero();
        }
    }

    @Test
    void bodyThatNobodyTakesIsNotLate() {
        TestGateway started = start(LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /unwritable HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
            Served served = unwritable.await();
            client.expectSilence(Duration.ofMillis(3 * SHORT_MILLIS));
            served.takeWhatIsThere();
            served.awaitReceived("abc");
            client.expectSilence(Duration.ofMillis(3 * SHORT_MILLIS));
            served.setWritable(true);
            assertThat(client.readResponse().status()).isEqualTo(408);
        }
    }

    @Test
    void restOfARefusedBodyThatNeverComesEndsTheConnection() {
        TestGateway started = start(LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS, LONG_MILLIS);
        try (RawClient client = started.connect()) {
            client.send("POST /missing HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
            assertThat(client.readResponse().status()).isEqualTo(404);
            client.expectClosed();
        }
    }

    @Test
    void clientThatTakesNothingIsGivenUp() {
        TestGateway started = start(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, SHORT_MILLIS);
        try (RawClient client = RawClient.connect(started.port(), 16 * 1024)) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            fill(served);
            served.awaitCancelled();
            Await.until("the connection is gone", () -> started.engine().connections() == 0);
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
    }

    @Test
    void clientThatTakesNothingIsGivenUpThoughSomethingIsAddedNowAndThen() {
        TestGateway started = start(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, SHORT_MILLIS);
        try (RawClient client = RawClient.connect(started.port(), 16 * 1024)) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            fill(served);
            Await.until("the exchange is over", () -> {
                served.write(": heartbeat\n\n");
                return served.cancels() == 1;
            });
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
    }

    @Test
    void clientThatTakesALittleNowAndThenIsNotGivenUp() {
        TestGateway started = start(LONG_MILLIS, LONG_MILLIS, SHORT_MILLIS, 3_000);
        try (RawClient client = RawClient.connect(started.port(), 16 * 1024).timeout(Duration.ofSeconds(60))) {
            client.sendRequest("GET /large", "");
            while (client.receivedBytes() < LARGE_BYTES) {
                assertThat(client.readSome()).isNotEmpty();
                Await.until("a little later", new Pause(5)::isOver);
            }
            client.closedOrReset();
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.ANSWERED);
    }

    private static void fill(Served served) {
        String part = "x".repeat(64 * 1024);
        while (served.clientTakesMore()) {
            served.write(part);
        }
    }

    /** Some time that passes. */
    private record Pause(long startNanos, long millis) {
        Pause(long millis) {
            this(System.nanoTime(), millis);
        }

        boolean isOver() {
            return System.nanoTime() - startNanos >= millis * 1_000_000;
        }
    }
}

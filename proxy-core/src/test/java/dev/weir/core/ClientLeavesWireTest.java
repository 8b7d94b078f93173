package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that goes, in every state of its exchange: the work stops at once, and everything ends exactly once. */
final class ClientLeavesWireTest {
    private static final Duration AT_ONCE = Duration.ofSeconds(4);

    /** How a client goes. */
    enum Way {
        /** Its process ends or it gives up: a FIN. */
        CLOSES,
        /** An RST. */
        RESETS,
        /** A FIN by a client that would still read: taken for one that left. */
        HALF_CLOSES;

        void leave(RawClient client) {
            switch (this) {
                case CLOSES -> client.close();
                case RESETS -> client.reset();
                case HALF_CLOSES -> client.shutdownOutput();
            }
        }
    }

    private final AtomicInteger filterEnds = new AtomicInteger();
    private final AtomicInteger waits = new AtomicInteger();
    private final Served.ByTest manual = new Served.ByTest();
    private final TestGateway gateway = TestGateway.start(
            TestGateway.client("/manual", manual, filtering()),
            TestGateway.client("/waits", manual, filtering(), waiting()));

    @AfterEach
    void stop() {
        gateway.close();
    }

    private Middleware filtering() {
        return exchange -> {
            exchange.filterResponse(new ResponseFilter() {
                @Override
                public void onEnd(Outcome outcome) {
                    filterEnds.incrementAndGet();
                }
            });
            return Verdict.PROCEED;
        };
    }

    private Middleware waiting() {
        return exchange -> {
            waits.incrementAndGet();
            return Verdict.await(new CompletableFuture<>());
        };
    }

    private void leaveAndExpectTheEnd(RawClient client, Way way) {
        way.leave(client);
        Await.until(AT_ONCE, "the exchange is over", () -> gateway.engine().exchanges() == 0);
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
        assertThat(gateway.takeRest()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void whileAMiddlewareWaits(Way way) {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /waits", "");
            Await.until("the middleware waits", () -> waits.get() == 1);
            leaveAndExpectTheEnd(client, way);
        }
        assertThat(filterEnds).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource
    void whileItsBodyIsCollected(Way way) {
        try (RawClient client = gateway.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + "x".repeat(100_000));
            Await.until("the body is collected", () -> gateway.engine().bufferedBytes() == 100_000);
            leaveAndExpectTheEnd(client, way);
        }
        assertThat(gateway.engine().bufferedBytes()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void whileItsBodyIsStreamed(Way way) {
        try (RawClient client = gateway.connect()) {
            client.send("POST /manual HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc");
            Served served = manual.await();
            served.awaitReceived("abc");
            leaveAndExpectTheEnd(client, way);
            assertThat(served.cancels()).isEqualTo(1);
            assertThat(served.lasts()).isZero();
        }
        assertThat(filterEnds).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource
    void beforeTheAnswerBegins(Way way) {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            leaveAndExpectTheEnd(client, way);
            assertThat(served.cancels()).isEqualTo(1);
            served.writeHead(200, 4);
            served.writeLast("late");
            assertThat(gateway.takeRest()).isEmpty();
        }
        assertThat(filterEnds).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource
    void inTheMiddleOfTheAnswer(Way way) {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("part");
            client.readHead();
            client.readChunk();
            leaveAndExpectTheEnd(client, way);
            assertThat(served.cancels()).isEqualTo(1);
        }
        assertThat(filterEnds).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource
    void whileItReadsNothingOfALongAnswer(Way way) {
        try (RawClient client = RawClient.connect(gateway.port(), 16 * 1024)) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            String part = "x".repeat(64 * 1024);
            while (served.clientTakesMore()) {
                served.write(part);
            }
            leaveAndExpectTheEnd(client, way);
            assertThat(served.cancels()).isEqualTo(1);
        }
        assertThat(filterEnds).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource
    void withTheNextRequestSentAhead(Way way) {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            leaveAndExpectTheEnd(client, way);
            assertThat(served.cancels()).isEqualTo(1);
            assertThat(manual.isEmpty()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void inTheMiddleOfAHead(Way way) {
        try (RawClient client = gateway.connect()) {
            client.send("GET /health HTTP/1.1\r\nHost");
            Await.until("connected", () -> gateway.engine().connections() == 1);
            way.leave(client);
            Await.until(
                    AT_ONCE, "the connection is gone", () -> gateway.engine().connections() == 0);
        }
        assertThat(gateway.takeRest()).isEmpty();
    }
}

package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How the gateway ends: what is in flight finishes, nothing new begins, and at the deadline all is cut. */
final class DrainWireTest {
    private final Served.ByTest manual = new Served.ByTest();
    private final TestGateway gateway = TestGateway.start(TestGateway.client("/manual", manual));

    @AfterEach
    void stop() {
        gateway.close();
    }

    private CompletableFuture<Boolean> drain(Duration delay, Duration deadline) {
        CompletableFuture<Boolean> finished = CompletableFuture.supplyAsync(() -> {
            try {
                return gateway.server().drain(delay, deadline);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Await.until("draining", () -> gateway.engine().isDraining());
        return finished;
    }

    private static boolean result(CompletableFuture<Boolean> drain) throws Exception {
        return drain.get(20, TimeUnit.SECONDS);
    }

    @Test
    void idleConnectionsAreClosedAndNoneIsAccepted() throws Exception {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /health", "");
            client.readResponse();
            CompletableFuture<Boolean> drain = drain(Duration.ZERO, Duration.ofSeconds(5));
            client.expectClosed();
            assertThat(result(drain)).isTrue();
            assertThatThrownBy(gateway::connect).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    void requestsAreServedDuringTheDelayAndToldToGo() throws Exception {
        try (RawClient idle = gateway.connect()) {
            idle.sendRequest("GET /health", "");
            idle.readResponse();
            CompletableFuture<Boolean> drain = drain(Duration.ofSeconds(3), Duration.ofSeconds(5));
            RawResponse fresh = RawClient.get(gateway.port(), "/health");
            assertThat(fresh.text()).isEqualTo("ok");
            assertThat(fresh.header("connection")).isEqualTo("close");
            idle.sendRequest("GET /health", "");
            assertThat(idle.readResponse().header("connection")).isEqualTo("close");
            idle.expectClosed();
            assertThat(result(drain)).isTrue();
        }
    }

    @Test
    void whatIsInFlightFinishes() throws Exception {
        try (RawClient streaming = gateway.connect();
                RawClient waiting = gateway.connect()) {
            streaming.sendRequest("GET /manual", "");
            Served stream = manual.await();
            stream.writeHead(200, ResponseHead.UNKNOWN);
            stream.write("before ");
            waiting.sendRequest("GET /manual", "");
            Served wait = manual.await();
            CompletableFuture<Boolean> drain = drain(Duration.ZERO, Duration.ofSeconds(10));
            stream.writeLast("after");
            RawResponse answer = streaming.readResponse();
            assertThat(answer.text()).isEqualTo("before after");
            assertThat(answer.complete()).isTrue();
            streaming.expectClosed();
            wait.writeHead(200, 2);
            wait.writeLast("ok");
            assertThat(waiting.readResponse().header("connection")).isEqualTo("close");
            waiting.expectClosed();
            assertThat(result(drain)).isTrue();
        }
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.ANSWERED);
    }

    @Test
    void connectionWhoseAnswerBeganBeforeTheDrainIsClosedWhenItIsIdle() throws Exception {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 2);
            assertThat(client.readHead().header("connection")).isNull();
            CompletableFuture<Boolean> drain = drain(Duration.ZERO, Duration.ofSeconds(5));
            Await.until("nothing is accepted", () -> !accepts());
            served.writeLast("ok");
            assertThat(client.readRest().text()).isEqualTo("ok");
            client.expectClosed();
            assertThat(result(drain)).isTrue();
        }
    }

    private boolean accepts() {
        try (RawClient probe = gateway.connect()) {
            return probe.localPort() > 0;
        } catch (UncheckedIOException refused) {
            return false;
        }
    }

    @Test
    void requestWhoseHeadIsUnderWayIsServed() throws Exception {
        try (RawClient client = gateway.connect()) {
            client.send("GET /health HTTP/1.1\r\n");
            Await.until("connected", () -> gateway.engine().connections() == 1);
            client.expectSilence(Duration.ofMillis(300));
            CompletableFuture<Boolean> drain = drain(Duration.ZERO, Duration.ofSeconds(5));
            client.send("Host: a\r\n\r\n");
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("ok");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(result(drain)).isTrue();
        }
    }

    @Test
    void atTheDeadlineStreamsAreCutAndWaitersAnswered() throws Exception {
        try (RawClient streaming = gateway.connect();
                RawClient waiting = gateway.connect()) {
            streaming.sendRequest("GET /manual", "");
            Served stream = manual.await();
            stream.writeHead(200, ResponseHead.UNKNOWN);
            stream.write("part");
            waiting.sendRequest("GET /manual", "");
            Served wait = manual.await();
            CompletableFuture<Boolean> drain = drain(Duration.ZERO, Duration.ofMillis(50));
            RawResponse cut = streaming.readResponse();
            assertThat(cut.text()).isEqualTo("part");
            assertThat(cut.complete()).isFalse();
            RawResponse refused = waiting.readResponse();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("connection")).isEqualTo("close");
            assertThat(refused.text()).contains("shutting_down");
            assertThat(result(drain)).isFalse();
            assertThat(stream.cancels()).isEqualTo(1);
            assertThat(wait.cancels()).isEqualTo(1);
        }
    }

    @Test
    void atTheDeadlineAnUnfinishedBodyIsRefused() throws Exception {
        try (RawClient client = gateway.connect()) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
            Await.until("the body is collected", () -> gateway.engine().bufferedBytes() == 3);
            CompletableFuture<Boolean> drain = drain(Duration.ZERO, Duration.ofMillis(50));
            assertThat(client.readResponse().status()).isEqualTo(503);
            client.shutdownOutput();
            assertThat(result(drain)).isFalse();
        }
    }

    @Test
    void closeCutsEverythingAtOnce() {
        try (RawClient client = gateway.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            gateway.server().close();
            client.closedOrReset();
            served.awaitCancelled();
        }
    }
}

package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An exchange whose client leaves while a filter wants the answer for others. */
final class OrphanWireTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final Served.ByTest manual = new Served.ByTest();
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final TestGateway gateway = TestGateway.start(
            TestGateway.client("/collected", manual, collecting()), TestGateway.client("/streamed", manual, wanting()));
    private volatile boolean wanted = true;
    private volatile boolean broken;

    @AfterEach
    void stop() {
        gateway.close();
    }

    private Middleware wanting() {
        return exchange -> {
            exchange.filterResponse(new Wanting());
            return Verdict.PROCEED;
        };
    }

    private Middleware collecting() {
        Middleware wanting = wanting();
        return new Middleware() {
            @Override
            public boolean needsBody() {
                return true;
            }

            @Override
            public Verdict onRequest(Exchange exchange) throws Exception {
                return wanting.onRequest(exchange);
            }
        };
    }

    /** Notes what it sees. */
    private final class Wanting implements ResponseFilter {
        @Override
        public boolean outlivesClient() {
            if (broken) {
                throw new IllegalStateException("as the test wanted");
            }
            return wanted;
        }

        @Override
        public void onHead(ResponseHead head, Downstream next) {
            seen.add("head " + head.status());
            next.writeHead(head);
        }

        @Override
        public void onBody(ByteBuf part, boolean last, Downstream next) {
            seen.add(part.toString(StandardCharsets.UTF_8) + (last ? "." : ""));
            next.writeBody(part, last);
        }

        @Override
        public void onFailure(GatewayException failure, Downstream next) {
            seen.add("failure " + failure.error());
            next.fail(failure);
        }

        @Override
        public void onEnd(Outcome outcome) {
            seen.add("end " + outcome.end());
        }
    }

    private Served ask(RawClient client) {
        client.sendRequest("POST /collected", "asked");
        return manual.await();
    }

    private void leave(RawClient client, Served served) {
        client.reset();
        Await.until("the client is gone", () -> gateway.engine().connections() == 0);
        // A connection is counted out before its handler hears of it, which is in the loop's queue when the first of
        // these runs.
        served.run(to -> {});
        served.run(to -> {});
    }

    private Served left() {
        try (RawClient client = gateway.connect()) {
            Served served = ask(client);
            leave(client, served);
            return served;
        }
    }

    private void expectEnd(String... events) {
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
        // Its listener hears of the end before it is over.
        Await.until(
                "it holds nothing any more",
                () -> gateway.engine().exchanges() == 0 && gateway.engine().bufferedBytes() == 0);
        assertThat(seen).containsExactly(events);
        assertThat(gateway.takeRest()).isEmpty();
    }

    @Test
    void goesOnBeforeTheHead() {
        Served served = left();
        assertThat(served.clientTakesMore()).isTrue();
        assertThat(gateway.engine().exchanges()).isEqualTo(1);
        assertThat(gateway.engine().bufferedBytes()).isEqualTo("asked".length());
        served.run(to -> assertThat(served.exchange().body().toString(StandardCharsets.UTF_8))
                .isEqualTo("asked"));
        served.writeHead(200, 4);
        served.write("an");
        assertThat(served.cancels()).isZero();
        served.writeLast("sw");

        expectEnd("head 200", "an", "sw.", "end CLIENT_LEFT");
        assertThat(served.cancels()).isEqualTo(1);
    }

    @Test
    void goesOnWithinTheBody() {
        Served served;
        try (RawClient client = gateway.connect()) {
            served = ask(client);
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("first");
            client.readHead();
            client.readChunk();
            leave(client, served);
        }
        served.writeLast("last");

        TestGateway.Ended ended = gateway.awaitEnded();
        assertThat(ended.end()).isEqualTo(Outcome.End.CLIENT_LEFT);
        // What the client was sent, not what was dropped.
        assertThat(ended.progress().status()).isEqualTo(200);
        assertThat(ended.progress().responseBytes()).isEqualTo("first".length());
        assertThat(seen).containsExactly("head 200", "first", "last.", "end CLIENT_LEFT");
    }

    @Test
    void aClientThatReadsNothingNoLongerHoldsTheAnswerUpWhenItHasLeft() {
        Served served;
        try (RawClient client = RawClient.connect(gateway.port(), 16 * 1024)) {
            served = ask(client);
            served.writeHead(200, ResponseHead.UNKNOWN);
            String part = "x".repeat(64 * 1024);
            while (served.clientTakesMore()) {
                served.write(part);
            }
            int resumes = served.resumes();
            leave(client, served);
            assertThat(served.clientTakesMore()).isTrue();
            assertThat(served.resumes()).isGreaterThan(resumes);
        }
        for (int i = 0; i < 100; i++) {
            served.write("y".repeat(64 * 1024));
        }
        assertThat(served.clientTakesMore()).isTrue();
        served.writeLast("");
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
    }

    @Test
    void endsWithAFailureBeforeTheHead() {
        left().fail(GatewayError.BACKEND_FAILED);
        assertThat(gateway.awaitEnded().outcome()).isEqualTo(Outcome.CLIENT_LEFT);
        assertThat(seen).hasSize(3).startsWith("head 502").endsWith("end CLIENT_LEFT");
    }

    @Test
    void endsWithAFailureAfterTheHead() {
        Served served = left();
        served.writeHead(200, 10);
        served.write("par");
        served.fail(GatewayError.BACKEND_FAILED);
        expectEnd("head 200", "par", "failure BACKEND_FAILED", "end CLIENT_LEFT");
    }

    @Test
    void endsWhenTheFilterWantsItNoLonger() {
        Served served = left();
        served.writeHead(200, 10);
        served.run(to -> served.exchange().endIfUnwanted());
        assertThat(served.cancels()).isZero();
        wanted = false;
        served.run(to -> served.exchange().endIfUnwanted());

        expectEnd("head 200", "end CLIENT_LEFT");
        assertThat(served.cancels()).isEqualTo(1);
        served.writeLast("late");
        served.run(to -> served.exchange().endIfUnwanted());
        assertThat(seen).hasSize(2);
    }

    @Test
    void anExchangeWithItsClientDoesNotEndForWantOfOthers() {
        wanted = false;
        try (RawClient client = gateway.connect()) {
            Served served = ask(client);
            served.run(to -> served.exchange().endIfUnwanted());
            served.writeHead(200, 2);
            served.run(to -> served.exchange().endIfUnwanted());
            served.writeLast("ok");
            assertThat(client.readResponse().text()).isEqualTo("ok");
            served.run(to -> served.exchange().endIfUnwanted());
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @Test
    void endsAtOnceWhenItsBodyStreams() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /streamed HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc");
            Served served = manual.await();
            served.awaitReceived("abc");
            leave(client, served);
            served.awaitCancelled();
        }
        expectEnd("end CLIENT_LEFT");
    }

    @Test
    @AllowsErrors("a filter throws")
    void endsAtOnceWhenTheFilterCannotSay() {
        broken = true;
        left().awaitCancelled();
        expectEnd("end CLIENT_LEFT");
    }

    private CompletableFuture<Boolean> drain(Duration deadline) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return gateway.server().drain(Duration.ZERO, deadline);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void aDrainWaitsForIt() throws Exception {
        Served served = left();
        CompletableFuture<Boolean> drained = drain(LONG);
        Await.until("draining", () -> gateway.engine().isDraining());
        served.writeHead(200, 2);
        assertThat(drained).isNotDone();
        served.writeLast("ok");
        assertThat(drained.get(20, TimeUnit.SECONDS)).isTrue();
        expectEnd("head 200", "ok.", "end CLIENT_LEFT");
    }

    @Test
    void aDrainCutsItAtTheDeadline() throws Exception {
        Served served = left();
        assertThat(drain(Duration.ofMillis(50)).get(20, TimeUnit.SECONDS)).isFalse();
        served.awaitCancelled();
        expectEnd("end CLIENT_LEFT");
    }

    @Test
    void aServerThatClosesCutsIt() {
        Served served = left();
        gateway.server().close();
        served.awaitCancelled();
        expectEnd("end CLIENT_LEFT");
    }
}

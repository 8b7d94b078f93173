package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Large bodies are examined by threads of their own; their event loop serves others meanwhile. */
class LargeBodyWireTest {
    private static final String SMALL = "s".repeat(1_000);
    private static final String LARGE = "l".repeat(200_000);

    private final Examiner examiner = new Examiner();
    private @Nullable TestGateway gateway;

    /** Waits to be let go when the body is a large one. */
    private static final class Examiner implements Route.RequestReader {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch mayEnd = new CountDownLatch(1);
        private volatile String thread = "";
        private volatile @Nullable GatewayException refusal;
        private volatile @Nullable RuntimeException fault;

        @Override
        public void read(Exchange exchange) throws GatewayException {
            examine(exchange.request(), exchange.body()).into(exchange);
        }

        @Override
        public Route.Reading examine(RequestHead request, ByteBuf body) throws GatewayException {
            thread = Thread.currentThread().getName();
            begun.countDown();
            if (body.readableBytes() > SMALL.length()) {
                awaitEnd();
            }
            if (refusal != null) {
                throw refusal;
            }
            if (fault != null) {
                throw fault;
            }
            byte first = body.getByte(body.readerIndex());
            return exchange -> exchange.set(FOUND, Character.toString(first));
        }

        private void awaitEnd() {
            try {
                assertThat(mayEnd.await(10, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static final Key<String> FOUND = Key.of("found");

    @AfterEach
    void stop() {
        examiner.mayEnd.countDown();
        if (gateway != null) {
            gateway.close();
        }
    }

    private TestGateway start() {
        Endpoint endpoint = new Endpoint() {
            @Override
            public boolean needsBody() {
                return true;
            }

            @Override
            public void serve(Exchange exchange, Downstream downstream) {
                downstream.respond(LocalResponse.text(
                        200, exchange.get(FOUND) + " " + Thread.currentThread().getName()));
            }
        };
        TestGateway started = TestGateway.start(
                new Route("/read", Route.Access.CLIENT, Dialect.OPENAI, List.of(), endpoint, examiner, 1_000_000));
        gateway = started;
        return started;
    }

    private void awaitBegun() throws InterruptedException {
        assertThat(examiner.begun.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aSmallBodyIsExaminedByItsEventLoop() {
        TestGateway started = start();

        RawResponse answer = RawClient.post(started.port(), "/read", SMALL);

        assertThat(answer.text()).isEqualTo("s " + examiner.thread);
    }

    @Test
    void theEventLoopServesOthersWhileALargeBodyIsExamined() throws Exception {
        TestGateway started = start();
        try (RawClient client = started.connect()) {
            client.sendRequest("POST /read", LARGE);
            awaitBegun();
            assertThat(RawClient.get(started.port(), "/health").text()).isEqualTo("ok");

            examiner.mayEnd.countDown();

            assertThat(client.readResponse().text()).startsWith("l ").doesNotContain(examiner.thread);
            assertThat(examiner.thread).startsWith("weir-bodies");
        }
    }

    @Test
    void aLargeBodyThatIsRefusedIsAnsweredSo() {
        TestGateway started = start();
        examiner.refusal = new GatewayException(GatewayError.BAD_REQUEST, "no good");
        examiner.mayEnd.countDown();

        assertThat(RawClient.post(started.port(), "/read", LARGE).text()).contains("no good");
    }

    @Test
    @AllowsErrors("the failure is logged")
    void anExaminationThatFailsIsA500() {
        TestGateway started = start();
        examiner.fault = new IllegalStateException("broken");
        examiner.mayEnd.countDown();

        assertThat(RawClient.post(started.port(), "/read", LARGE).status()).isEqualTo(500);
    }

    @Test
    void whatIsFoundAfterTheClientLeftIsDropped() throws Exception {
        TestGateway started = start();
        RawClient client = started.connect();
        client.sendRequest("POST /read", LARGE);
        awaitBegun();

        client.reset();

        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
        examiner.mayEnd.countDown();
        assertThat(RawClient.get(started.port(), "/health").text()).isEqualTo("ok");
    }
}

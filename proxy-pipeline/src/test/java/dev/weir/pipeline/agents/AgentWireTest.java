package dev.weir.pipeline.agents;

import static dev.weir.pipeline.agents.ShapeTest.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.Middleware;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import dev.weir.core.Verdict;
import dev.weir.pipeline.PipelineServer;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Agents on a real server, by the clock of the wall. */
class AgentWireTest {
    private static final String DONE = "data: [DONE]\n\n";
    private static final int TOKENS = 60;

    private final AtomicInteger cancels = new AtomicInteger();
    private final AtomicInteger parts = new AtomicInteger();
    private final List<Long> sentNanos = new CopyOnWriteArrayList<>();
    private @Nullable PipelineServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    /** Notes when each event goes to the client. */
    private final Middleware clock = exchange -> {
        exchange.filterResponse(new ResponseFilter() {
            @Override
            public void onBody(ByteBuf part, boolean last, Downstream next) {
                if (part.isReadable()) {
                    sentNanos.add(System.nanoTime());
                }
                next.writeBody(part, last);
            }
        });
        return Verdict.PROCEED;
    };

    private RawClient ask(Agent agent, boolean answers) {
        PipelineServer started = new PipelineServer(
                (exchange, downstream) -> new Source(exchange, downstream).begin(answers),
                clock,
                AgentShaping.of(agent));
        server = started;
        RawClient client = RawClient.connect(started.port());
        client.sendRequest("POST /v1/a/chat/completions", "{}");
        return client;
    }

    /** A backend that sends one token a part, as long as more is taken. */
    private final class Source implements Upstream {
        private final Exchange exchange;
        private final Downstream downstream;
        private boolean done;

        Source(Exchange exchange, Downstream downstream) {
            this.exchange = exchange;
            this.downstream = downstream;
        }

        void begin(boolean answers) {
            downstream.attach(this);
            if (answers) {
                downstream.writeHead(new ResponseHead(
                        200, "OK", new Headers().add("Content-Type", "text/event-stream"), ResponseHead.UNKNOWN));
                exchange.eventLoop().execute(this::resume);
            }
        }

        @Override
        public void resume() {
            while (!done && downstream.isWritable()) {
                boolean last = parts.incrementAndGet() > TOKENS;
                done = last;
                String part = last ? DONE : token("x");
                downstream.writeBody(Unpooled.copiedBuffer(part, StandardCharsets.UTF_8), last);
                downstream.flush();
            }
        }

        @Override
        public void cancel() {
            cancels.incrementAndGet();
        }
    }

    @Test
    void eventsKeepTheirDistanceWithinFiveMilliseconds() {
        long delay = TimeUnit.MILLISECONDS.toNanos(10);
        try (RawClient client = ask(new Agent("voice", 1, 50, delay, 30_000), true)) {
            assertThat(client.readResponse().text()).isEqualTo(token("x").repeat(TOKENS) + DONE);
        }
        long[] gaps = LongStream.range(1, sentNanos.size())
                .map(i -> sentNanos.get((int) i) - sentNanos.get((int) i - 1))
                .sorted()
                .toArray();

        assertThat(gaps).hasSize(TOKENS);
        // The clock is looked at a moment behind the event, so a gap may seem a moment shorter than it is. A machine
        // that has
        // much else to do makes many gaps longer, but not all.
        assertThat(gaps[gaps.length / 2]).isGreaterThan(delay - 500_000);
        assertThat(gaps[gaps.length / 10]).isLessThan(delay + 5_000_000);
    }

    @Test
    void theBackendIsReadNoFurtherThanTheBuffer() {
        int buffer = 12;
        try (RawClient client = ask(new Agent("slow", 5, buffer, TimeUnit.SECONDS.toNanos(5), 60_000), true)) {
            client.readHead();
            assertThat(client.readSseEvent()).contains("xxxxx");
            Await.until("the buffer is full", () -> parts.get() == 5 + buffer);
            client.expectSilence(Duration.ofMillis(200));
            assertThat(parts).hasValue(5 + buffer);
        }
    }

    @Test
    void whenTheClientLeavesTheBackendIsToldAtOnce() {
        try (RawClient client = ask(new Agent("slow", 1, 5, TimeUnit.SECONDS.toNanos(5), 60_000), true)) {
            client.readHead();
        }

        Await.until("the work is stopped", () -> cancels.get() == 1);
    }

    @Test
    void atTheDeadlineAnEventComesEvenBeforeTheHead() {
        try (RawClient client = ask(new Agent("hasty", 1, 5, 0, 100), false)) {
            RawResponse answer = client.readResponse();

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("content-type")).startsWith("text/event-stream");
            assertThat(answer.text())
                    .startsWith("data: {\"error\":{\"message\":\"agent hasty")
                    .contains("\"code\":\"timeout\"");
        }
        Await.until("the work is stopped", () -> cancels.get() == 1);
    }

    @Test
    void atTheDeadlineWhatIsHeldIsDropped() {
        try (RawClient client = ask(new Agent("hasty", 1, 50, TimeUnit.SECONDS.toNanos(5), 3_000), true)) {
            client.readHead();
            assertThat(client.readSseEvent() + "\n\n").isEqualTo(token("x"));
            assertThat(client.readSseEvent()).startsWith("data: {\"error\"");
            assertThat(client.readSseEvent()).isNull();
        }
    }
}

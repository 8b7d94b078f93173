package dev.weir.pipeline.agents;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Shapes one answer for its agent: events of as many tokens as it wants, as far apart as it wants, no more held than it
 * allows, all of it in the time that it gives. An answer that is no event stream passes untouched. Runs on the event loop.
 */
final class AgentShaper implements ResponseFilter {
    private final Agent agent;
    private final Exchange exchange;
    private final EventExecutor eventLoop;
    private final Shape shape;
    private final EventCutter cutter = new EventCutter();
    private final Pacer pacer;

    private @Nullable Downstream client;
    private @Nullable Downstream self;
    private @Nullable ScheduledFuture<?> deadline;
    private @Nullable ScheduledFuture<?> silence;
    private long lastPartNanos;
    private boolean headSent;
    private boolean shaping;
    private boolean refused;
    private boolean late;
    private boolean ended;
    private boolean over;
    private @Nullable GatewayException failure;

    AgentShaper(Agent agent, Exchange exchange) {
        this.agent = agent;
        this.exchange = exchange;
        this.eventLoop = exchange.eventLoop();
        this.shape = new Shape(agent.chunkSize());
        this.pacer = new Pacer(eventLoop, agent.delayNanos(), this::pump);
    }

    /**
     * Starts the time for the whole answer.
     *
     * @param own the way to the client that begins with this filter
     */
    void begin(Downstream own) {
        self = own;
        long passed = System.nanoTime() - exchange.startNanos();
        long left = TimeUnit.MILLISECONDS.toNanos(agent.timeoutMillis()) - passed;
        deadline = eventLoop.schedule(this::expired, Math.max(0, left), TimeUnit.NANOSECONDS);
    }

    private void expired() {
        Downstream own = self;
        if (own != null && !over) {
            late = true;
            own.fail(new GatewayException(
                    GatewayError.BACKEND_TIMEOUT,
                    "agent " + agent.name() + ": no complete answer within " + agent.timeoutMillis() / 1000.0 + " s"));
        }
    }

    /** At the deadline an agent's client gets an event, as at any other time. */
    @Override
    public boolean hasBegun() {
        return late;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        headSent = true;
        client = next;
        shaping =
                head.status() == 200 && head.isEventStream() && !head.headers().contains("Content-Encoding");
        next.writeHead(shaping ? head.withContentLength(ResponseHead.UNKNOWN) : head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        if (!shaping) {
            over |= last;
            next.writeBody(part, last);
            return;
        }
        if (part.isReadable()) {
            lastPartNanos = eventLoop.ticker().nanoTime();
            cutter.add(part);
        } else {
            part.release();
        }
        ended |= last;
        pump();
    }

    /** Not while as many tokens are held as the agent allows. */
    @Override
    public boolean isWritable(Downstream next) {
        refused = shaping && isFull();
        return !refused && next.isWritable();
    }

    private boolean isFull() {
        return shape.tokens() >= agent.bufferSize();
    }

    /** Passes on what may go now. */
    private void pump() {
        Downstream next = client;
        if (over || next == null) {
            return;
        }
        boolean written = false;
        cut(next);
        while (shape.isReady() && pacer.tryGo()) {
            byte[] event = shape.next();
            if (event != null) {
                next.writeBody(Unpooled.wrappedBuffer(event), false);
                written = true;
            }
            cut(next);
        }
        if (written) {
            next.flush();
        }
        if (!shape.isReady() && !isFull()) {
            end(next);
        }
        if (!over) {
            watchSilence();
            if (refused && !isFull()) {
                refused = false;
                exchange.resumeResponse();
            }
        }
    }

    /** Takes events of the backend as long as their tokens may be held. */
    private void cut(Downstream next) {
        while (!isFull()) {
            byte[] event = cutter.next();
            if (event == null) {
                break;
            }
            if (event[0] != ':') {
                shape.add(event);
            } else if (shape.tokens() == 0 && !shape.isReady()) {
                next.writeBody(Unpooled.wrappedBuffer(event), false);
            }
        }
        if (!isFull() && (ended || failure != null)) {
            if (!cutter.isEmpty()) {
                shape.add(cutter.rest());
            }
            shape.flush();
        }
    }

    private void end(Downstream next) {
        GatewayException failed = failure;
        if (failed != null) {
            over = true;
            next.fail(failed);
        } else if (ended) {
            over = true;
            next.writeBody(Unpooled.EMPTY_BUFFER, true);
            next.flush();
        }
    }

    private void watchSilence() {
        if (silence == null && shape.hasOpenGroups()) {
            silence = eventLoop.schedule(this::silent, leftOfSilence(), TimeUnit.NANOSECONDS);
        }
    }

    private void silent() {
        silence = null;
        if (leftOfSilence() <= 0) {
            shape.flush();
        }
        pump();
    }

    private long leftOfSilence() {
        return lastPartNanos + agent.silenceNanos() - eventLoop.ticker().nanoTime();
    }

    /** What is held goes out first, unless the time is up. */
    @Override
    public void onFailure(GatewayException cause, Downstream next) {
        if (over) {
            return;
        }
        if (!late && shaping) {
            failure = cause;
            pump();
            return;
        }
        over = true;
        if (!headSent) {
            next.writeHead(new ResponseHead(
                    200,
                    "OK",
                    new Headers().add("Content-Type", "text/event-stream; charset=utf-8"),
                    ResponseHead.UNKNOWN));
        }
        if (shaping || !headSent) {
            next.writeBody(Unpooled.wrappedBuffer(exchange.route().dialect().event(cause, exchange.id())), false);
        }
        next.fail(cause);
    }

    @Override
    public void onEnd(Outcome outcome) {
        over = true;
        pacer.stop();
        if (deadline != null) {
            deadline.cancel(false);
        }
        if (silence != null) {
            silence.cancel(false);
        }
        cutter.release();
    }
}

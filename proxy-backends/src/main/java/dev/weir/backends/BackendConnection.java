package dev.weir.backends;

import dev.weir.core.BadMessageException;
import dev.weir.core.Flusher;
import dev.weir.core.HttpLimits;
import dev.weir.core.ResponseDecoder;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to a backend: sends a request, relays the answer as it is read, goes back to the pool if it is provably
 * clean.
 *
 * <pre>
 *   IDLE ──send──▶ WAITING ──head──▶ RELAYING ──end, clean──▶ IDLE
 *   any ──closed, broken, late, abandoned, or not clean at the end──▶ CLOSED
 * </pre>
 *
 * Anything that arrives while idle closes it. Runs on the event loop.
 */
final class BackendConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(BackendConnection.class);

    private enum State {
        IDLE,
        WAITING,
        RELAYING,
        CLOSED
    }

    /** Whom the answer is for. Called on the event loop; after an end or a failure no more. */
    interface Receiver {
        void onHead(ResponseHead head);

        /** A part of the body; takes it. */
        void onBody(ByteBuf part, boolean last);

        /** A read is through: what came may leave. */
        void onReadComplete();

        /** The connection takes more of the request again. */
        void onWritable();

        void onFailure(Failure failure);
    }

    private final Backend backend;
    private final Channel channel;
    private final ResponseDecoder decoder;
    private final ConnectionTimeouts timeouts;
    private final Flusher flusher;
    private final long createdNanos = System.nanoTime();

    private State state = State.IDLE;
    private @Nullable Receiver receiver;
    private @Nullable ByteBuf inbound;
    private boolean reused;
    private boolean single;
    private boolean received;
    private boolean requestSent;
    private boolean reset;
    private boolean closeNotified;

    BackendConnection(Backend backend, Channel channel, HttpLimits headLimits) {
        this.backend = backend;
        this.channel = channel;
        this.decoder = new ResponseDecoder(headLimits);
        this.timeouts =
                new ConnectionTimeouts(channel.eventLoop(), backend.spec().timeouts(), this::expired);
        this.flusher = new Flusher(channel, channel::flush);
    }

    Channel channel() {
        return channel;
    }

    /** Has other time limits hold than those of the backend's configuration. */
    void limits(BackendSpec.Timeouts others) {
        timeouts.limits(others);
    }

    /** Whether it can be sent a request: open, and not too old. */
    boolean isUsable() {
        long age = System.nanoTime() - createdNanos;
        return state == State.IDLE
                && channel.isActive()
                && TimeUnit.NANOSECONDS.toMillis(age) < backend.spec().pool().maxAgeMillis();
    }

    /**
     * Begins a request.
     *
     * @param bytes the head and, when {@code complete}, the body; taken
     * @param complete whether this is the whole request; else {@link #writeBody} follows
     */
    void send(ByteBuf bytes, boolean complete, boolean headRequest, Receiver to) {
        state = State.WAITING;
        receiver = to;
        received = false;
        requestSent = complete;
        decoder.begin(headRequest);
        timeouts.begin();
        channel.write(bytes, channel.voidPromise());
        flusher.flush();
        awaitHead();
    }

    /** Has it close after one answer. */
    BackendConnection forOneAnswer() {
        single = true;
        return this;
    }

    /** Sends a part of a streamed request, framed by the caller. Takes {@code bytes}. */
    void writeBody(ByteBuf bytes, boolean last) {
        requestSent |= last;
        channel.write(bytes, channel.voidPromise());
        flusher.flush();
        awaitHead();
    }

    private void awaitHead() {
        if (state == State.WAITING) {
            timeouts.awaitHead(requestSent, channel.isWritable());
        }
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    /** Stops or resumes reading the answer: backpressure. */
    void setReading(boolean reading) {
        if (channel.config().isAutoRead() != reading) {
            channel.config().setAutoRead(reading);
            if (state == State.RELAYING) {
                if (reading) {
                    awaitMore();
                } else {
                    timeouts.pause();
                }
            }
        }
    }

    /** Ends whatever is going on, at once: the backend sees the connection close. */
    void close() {
        if (state == State.IDLE) {
            pool().remove(this);
        }
        receiver = null;
        state = State.CLOSED;
        channel.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        if (state == State.IDLE || state == State.CLOSED) {
            data.release();
            close();
            return;
        }
        received = true;
        ByteBuf pending = inbound;
        inbound = pending == null ? data : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), pending, data);
        try {
            read();
        } catch (BadMessageException e) {
            fail(new Failure(
                    Failure.Kind.PROTOCOL, "backend " + backend.name() + " sent a broken response: " + e.detail()));
        } finally {
            if (inbound != null && !inbound.isReadable()) {
                inbound.release();
                inbound = null;
            }
        }
    }

    private void read() throws BadMessageException {
        while (inbound != null && receiver != null) {
            if (state == State.WAITING) {
                ResponseHead head = decoder.readHead(inbound);
                if (head == null) {
                    return;
                }
                state = State.RELAYING;
                timeouts.awaitPart();
                receiver.onHead(head);
                if (decoder.body().ended()) {
                    deliver(Unpooled.EMPTY_BUFFER);
                }
            } else {
                ByteBuf part = decoder.body().next(inbound);
                if (part == null && !decoder.body().ended()) {
                    awaitMore();
                    return;
                }
                deliver(part == null ? Unpooled.EMPTY_BUFFER : part);
            }
        }
    }

    private void deliver(ByteBuf part) {
        Receiver to = receiver;
        if (to == null) {
            part.release();
            return;
        }
        boolean last = decoder.body().ended();
        if (last) {
            finish();
        }
        to.onBody(part, last);
    }

    /** The answer has ended: back to the pool before anybody hears of it, so that the next request finds it there. */
    private void finish() {
        receiver = null;
        boolean clean = requestSent && decoder.keepAlive() && (inbound == null || !inbound.isReadable());
        state = State.IDLE;
        reused = true;
        setReading(true);
        if (clean && !single && !backend.isRetired() && isUsable() && pool().keep(this)) {
            timeouts.idle(backend.spec().pool().idleMillis());
        } else {
            close();
        }
    }

    private void awaitMore() {
        if (timeouts.isOver()) {
            expired();
        } else {
            timeouts.awaitPart();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (receiver != null) {
            receiver.onReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        awaitHead();
        if (receiver != null && channel.isWritable()) {
            receiver.onWritable();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (state == State.RELAYING && decoder.body().endsWithConnection() && endedInOrder()) {
            Receiver to = receiver;
            close();
            if (to != null) {
                to.onBody(Unpooled.EMPTY_BUFFER, true);
            }
        } else {
            fail(lost());
        }
        timeouts.close();
        if (inbound != null) {
            inbound.release();
            inbound = null;
        }
    }

    /** Whether the backend itself ended the connection: TLS says so, TCP ends without a reset (RFC 9112 section 9.8). */
    private boolean endedInOrder() {
        return !reset && (closeNotified || !backend.spec().isTls());
    }

    private Failure lost() {
        if (state == State.RELAYING) {
            return new Failure(Failure.Kind.CUT, "backend " + backend.name() + " ended its answer in the middle");
        }
        Failure.Kind kind = reused && !received ? Failure.Kind.STALE : Failure.Kind.CLOSED;
        return new Failure(kind, "backend " + backend.name() + " closed the connection before it answered");
    }

    private void expired() {
        switch (state) {
            case IDLE -> close();
            case WAITING ->
                fail(new Failure(
                        Failure.Kind.FIRST_BYTE_TIMEOUT,
                        "backend " + backend.name() + " did not begin to answer in time"));
            case RELAYING ->
                fail(new Failure(
                        Failure.Kind.TIMEOUT, "backend " + backend.name() + " stopped in the middle of its answer"));
            case CLOSED -> {}
        }
    }

    private void fail(Failure failure) {
        Receiver to = receiver;
        close();
        if (to != null) {
            to.onFailure(failure);
        }
    }

    private ConnectionPool pool() {
        return backend.pool(channel.eventLoop());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        closeNotified |= event instanceof SslCloseCompletionEvent closed && closed.isSuccess();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        reset = true;
        // Not yet connected is what epoll calls a connection that was refused late.
        if (cause instanceof IOException
                || cause instanceof DecoderException
                || cause instanceof NotYetConnectedException) {
            LOG.debug("connection to backend {} failed: {}", backend.name(), cause.toString());
        } else {
            LOG.error("connection to backend {} failed", backend.name(), cause);
        }
        ctx.close();
    }
}

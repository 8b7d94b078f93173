package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection: reads requests one after another, runs an exchange for each, keeps the deadlines (RFC 9112
 * section 9).
 *
 * <pre>
 *   IDLE ──first byte──▶ HEAD ──head complete──▶ EXCHANGE ──answered, request read──▶ IDLE
 *   EXCHANGE ──answered, rest of the request small──▶ DISCARD ──read──▶ IDLE
 *   any ──refused, cut, or answered with more of the request to come──▶ CLOSING ──▶ CLOSED
 *   any ──client closed──▶ CLOSED
 * </pre>
 *
 * A read stays pending while a backend works, so that a client that leaves is seen at once. One that closes only its own
 * side is taken for one that left. Last handler of {@link ClientPipeline}; runs on the event loop.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

    private enum State {
        IDLE,
        HEAD,
        EXCHANGE,
        DISCARD,
        CLOSING,
        CLOSED
    }

    private final Engine engine;
    private final Channel channel;
    private final Admission admission;
    private final InboundBuffer inbound;
    private final RequestDecoder decoder;
    private final RequestIntake intake;
    private final ResponseWriter writer;
    private final Timeout timeout;
    private final BodyDeadline bodyDeadline;
    private final WriteStall stall;
    private final ConnectionClose close;

    private State state = State.IDLE;
    private EngineSettings settings;
    private @Nullable ServerExchange exchange;
    private boolean processing;
    private boolean keepAlive = true;
    private long requestStartNanos;

    ClientConnection(Engine engine, Channel channel, Admission admission) {
        this.engine = engine;
        this.channel = channel;
        this.admission = admission;
        this.settings = engine.snapshot().settings();
        this.inbound = new InboundBuffer(channel);
        this.decoder = new RequestDecoder(settings.limits());
        this.intake = new RequestIntake(decoder.body());
        this.stall = new WriteStall(channel, channel::close);
        this.writer = new ResponseWriter(channel, stall);
        this.timeout = new Timeout(channel.eventLoop(), this::expired);
        this.bodyDeadline = new BodyDeadline(timeout);
        this.close = new ConnectionClose(channel, writer, inbound, timeout);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timeout.set(settings.timeouts().headerMillis());
        stall.limit(settings.timeouts().writeStallMillis());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        if (state == State.CLOSING || state == State.CLOSED) {
            data.release();
            close.onRead();
            return;
        }
        inbound.add(data);
        readOn();
    }

    /** Reads as far as the bytes and the exchange allow; an exchange that wants its body, now or again, calls this. */
    void readOn() {
        if (processing) {
            return;
        }
        processing = true;
        try {
            while (advance()) {
                // each step has looked at what is there
            }
        } catch (BadMessageException e) {
            broken(e);
        } finally {
            processing = false;
            inbound.tidy(state == State.HEAD || state == State.CLOSING);
        }
    }

    private boolean advance() throws BadMessageException {
        return switch (state) {
            case IDLE, HEAD -> readHead();
            case EXCHANGE -> readBody();
            case DISCARD -> discard();
            case CLOSING, CLOSED -> false;
        };
    }

    private boolean readHead() throws BadMessageException {
        if (inbound.isEmpty()) {
            return false;
        }
        if (state == State.IDLE) {
            if (!channel.isWritable()) {
                // Pipelined, and the answers are not read: the next one waits until they are.
                return false;
            }
            requestStartNanos = System.nanoTime();
            settings = engine.snapshot().settings();
            stall.limit(settings.timeouts().writeStallMillis());
        }
        RequestHead head = decoder.readHead(inbound.bytes());
        if (head == null) {
            if (state == State.IDLE && decoder.started()) {
                state = State.HEAD;
                timeout.set(settings.timeouts().headerMillis());
            }
            return false;
        }
        begin(head);
        return true;
    }

    private void begin(RequestHead head) throws BadMessageException {
        bodyDeadline.clear();
        state = State.EXCHANGE;
        Headers headers = head.headers();
        keepAlive = !headers.containsToken("Connection", "close")
                && (!head.http10() || headers.containsToken("Connection", "keep-alive"));
        intake.begin(head);
        ServerExchange next = admission.admit(this, head, requestStartNanos);
        exchange = next;
        next.start();
    }

    private boolean readBody() throws BadMessageException {
        ServerExchange current = exchange;
        if (current == null || intake.isOver()) {
            return false;
        }
        if (!current.wantsBody()) {
            bodyDeadline.clear();
            return false;
        }
        ByteBuf part = intake.next(inbound.bytes());
        if (part == null) {
            if (intake.takeInvitation()) {
                writer.writeContinue();
            }
            bodyDeadline.await(settings.timeouts().bodyIdleMillis());
            return false;
        }
        boolean last = intake.isOver();
        if (last) {
            bodyDeadline.clear();
        } else {
            bodyDeadline.arrived(part.readableBytes());
        }
        current.onBody(part, last);
        return true;
    }

    /** Drops the rest of a request that was answered before its end. */
    private boolean discard() throws BadMessageException {
        if (!intake.skip(inbound.bytes())) {
            bodyDeadline.await(settings.timeouts().bodyIdleMillis());
            return false;
        }
        bodyDeadline.clear();
        nextRequest();
        return true;
    }

    private void nextRequest() {
        state = State.IDLE;
        if (engine.isClosingIdle()) {
            closeAfterFlush(false);
        } else {
            timeout.set(settings.timeouts().keepAliveMillis());
        }
    }

    private void broken(BadMessageException e) {
        if (exchange != null) {
            GatewayError error = e.status() == 431 ? GatewayError.BODY_TOO_LARGE : GatewayError.BAD_REQUEST;
            failRequest(exchange, new GatewayException(error, "broken request body: " + e.detail()));
        } else if (state == State.DISCARD) {
            closeAfterFlush(true);
        } else {
            refuse(e.status(), e.detail());
        }
    }

    /** Ends the exchange in flight; nothing more of its request is read. */
    private void failRequest(ServerExchange current, GatewayException failure) {
        keepAlive = false;
        intake.markBroken();
        current.fail(failure);
    }

    private void refuse(int status, String detail) {
        engine.listener().refused(status);
        writer.writeRefusal(status, detail, decoder.isHead());
        closeAfterFlush(true);
    }

    /** The length the request's body announces, or 0. */
    long announcedLength() {
        return decoder.framing().length();
    }

    Channel channel() {
        return channel;
    }

    /** Where an exchange writes the body of its answer, after {@link #writeHead}. */
    ResponseWriter writer() {
        return writer;
    }

    /** Begins an exchange's answer; what is known of the request and the answer decides whether the connection lives on. */
    void writeHead(ResponseHead head, ServerExchange from) {
        keepAlive = keepAlive
                && !engine.isDraining()
                && ResponseWriter.delimits(head, from.request())
                && (intake.isComplete() || (!from.isStreaming() && intake.canBeSkipped(inbound.bytes())));
        writer.writeHead(head, from.request(), from.id(), keepAlive);
    }

    /** The exchange has written its answer to the end. */
    void answered() {
        exchange = null;
        if (!keepAlive) {
            closeAfterFlush(hasUnread());
            return;
        }
        writer.flush();
        if (!channel.isActive()) {
            // The flush found the client gone; we are about to be told.
            return;
        }
        if (intake.isComplete()) {
            nextRequest();
        } else {
            state = State.DISCARD;
        }
        readOn();
    }

    /** The exchange cannot write its answer to the end: what was written leaves, and then the end is a visible one. */
    void cut() {
        exchange = null;
        if (writer.endsWithConnection()) {
            state = State.CLOSING;
            close.reset();
        } else {
            closeAfterFlush(hasUnread());
        }
    }

    private boolean hasUnread() {
        return !intake.isComplete() || !inbound.isEmpty();
    }

    /** Ends what is in flight, because the drain deadline came. */
    void cutForShutdown() {
        if (exchange != null) {
            exchange.fail(new GatewayException(GatewayError.SHUTTING_DOWN, "the gateway is shutting down")
                    .retryAfterMillis(1000));
        } else {
            writer.flushNow();
            channel.close();
        }
    }

    /** Closes if no request is in flight. */
    void closeIfIdle() {
        if (state == State.IDLE) {
            closeAfterFlush(false);
        }
    }

    private void closeAfterFlush(boolean lingering) {
        state = State.CLOSING;
        if (lingering) {
            close.lingering();
        } else {
            close.afterFlush();
        }
    }

    private void expired() {
        switch (state) {
            case IDLE -> {
                if (stall.isPending()) {
                    // Not idle: the client still reads its last answer.
                    timeout.set(settings.timeouts().keepAliveMillis());
                } else {
                    channel.close();
                }
            }
            case HEAD -> refuse(408, "the request's head took too long");
            case EXCHANGE -> {
                if (exchange != null && !intake.isOver() && exchange.wantsBody()) {
                    failRequest(
                            exchange,
                            new GatewayException(
                                    GatewayError.REQUEST_TIMEOUT, "the request's body arrives too slowly"));
                } else {
                    bodyDeadline.clear();
                }
            }
            case DISCARD -> closeAfterFlush(true);
            case CLOSING -> channel.close();
            case CLOSED -> {}
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!channel.isWritable()) {
            return;
        }
        if (exchange != null) {
            exchange.onWritable();
        } else {
            readOn();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        state = State.CLOSED;
        timeout.close();
        stall.close();
        ServerExchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientLeft();
        }
        writer.release();
        inbound.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException || cause instanceof DecoderException) {
            LOG.debug("client connection or handshake failed: {}", cause.toString());
        } else if (exchange != null) {
            failRequest(exchange, exchange.internalError("connection", cause));
            return;
        } else {
            LOG.error("client connection failed", cause);
        }
        ctx.close();
    }
}

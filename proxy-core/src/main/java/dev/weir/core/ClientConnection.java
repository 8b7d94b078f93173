package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection: reads requests one after another, runs an exchange for each, keeps the deadlines, and closes so
 * that the client reads what it was answered (RFC 9112 section 9).
 *
 * <pre>
 *   IDLE ──first byte──▶ HEAD ──head complete──▶ EXCHANGE ──answered, request read──▶ IDLE
 *   EXCHANGE ──answered, rest of the request small──▶ DISCARD ──read──▶ IDLE
 *   any ──refused, or answered with more of the request to come──▶ LINGER ──peer closed, or time is up──▶ CLOSED
 *   any ──client closed──▶ CLOSED
 * </pre>
 *
 * A read stays pending while a backend works, so that a client that leaves is seen at once; only a client that sends
 * ahead more than {@value #MAX_AHEAD_BYTES} bytes is not read for a while. Last handler of {@link ClientPipeline}; runs on
 * the event loop.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

    /** What a client may send ahead of its turn: pipelined requests, a body nobody has asked for yet. */
    private static final int MAX_AHEAD_BYTES = 64 * 1024;

    /** Up to here the rest of a refused request is read and dropped for the sake of the connection. */
    private static final int MAX_DISCARD_BYTES = 64 * 1024;

    private static final long LINGER_IDLE_MILLIS = 5_000;
    private static final long LINGER_TOTAL_NANOS = 30_000_000_000L;

    private enum State {
        IDLE,
        HEAD,
        EXCHANGE,
        DISCARD,
        LINGER,
        CLOSED
    }

    private final Engine engine;
    private final boolean overLimit;
    private final Channel channel;
    private final ClientFacts peer;
    private final RequestDecoder decoder;
    private final ResponseWriter writer;
    private final Timeout timeout;
    private final WriteStall writeStall;

    private State state = State.IDLE;
    private EngineSettings settings;
    private @Nullable ByteBuf inbound;
    private @Nullable ServerExchange exchange;
    private boolean processing;
    private boolean requestDelivered;
    private boolean requestBroken;
    private boolean expectsContinue;
    private boolean keepAlive = true;
    private boolean reading = true;
    private long requestStartNanos;
    private long lingerUntilNanos;

    ClientConnection(Engine engine, Channel channel, boolean tls, boolean overLimit) {
        this.engine = engine;
        this.overLimit = overLimit;
        this.channel = channel;
        this.settings = engine.snapshot().settings();
        this.peer = ClientFacts.of(((InetSocketAddress) channel.remoteAddress()).getAddress(), tls);
        this.decoder = new RequestDecoder(settings.limits());
        this.writer = new ResponseWriter(channel);
        this.timeout = new Timeout(channel.eventLoop(), this::expired);
        this.writeStall = new WriteStall(channel, this::stalled);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timeout.set(settings.timeouts().headerMillis());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        if (state == State.LINGER || state == State.CLOSED) {
            data.release();
            onLingeringRead();
            return;
        }
        ByteBuf pending = inbound;
        inbound = pending == null ? data : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), pending, data);
        process();
    }

    /** Reads as far as the bytes and the exchange allow. */
    private void process() {
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
            dropReadBytes();
            chooseReading();
        }
    }

    private boolean advance() throws BadMessageException {
        return switch (state) {
            case IDLE, HEAD -> readHead();
            case EXCHANGE -> readBody();
            case DISCARD -> discard();
            case LINGER, CLOSED -> false;
        };
    }

    private boolean readHead() throws BadMessageException {
        ByteBuf in = inbound;
        if (in == null || !in.isReadable()) {
            return false;
        }
        if (state == State.IDLE && !channel.isWritable()) {
            // Pipelined, and the answers are not read: the next one waits until they are.
            return false;
        }
        if (state == State.IDLE) {
            requestStartNanos = System.nanoTime();
            settings = engine.snapshot().settings();
        }
        RequestHead head = decoder.readHead(in);
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
        timeout.clear();
        state = State.EXCHANGE;
        requestDelivered = false;
        Headers headers = head.headers();
        keepAlive = !headers.containsToken("Connection", "close")
                && (!head.http10() || headers.containsToken("Connection", "keep-alive"));
        expectsContinue = expectsContinue(head);
        Engine.Snapshot snapshot = engine.snapshot();
        ClientFacts client = ClientFacts.of(peer, headers, snapshot.settings().trustedProxies());
        CidrSet allowed = snapshot.settings().allowFrom();
        if (!allowed.isEmpty() && !allowed.contains(client.address())) {
            throw new BadMessageException(403, "this address may not connect");
        }
        Route route = snapshot.router().route(head);
        if (overLimit && route.access() != Route.Access.OPEN) {
            throw new BadMessageException(503, "too many connections");
        }
        ServerExchange next = new ServerExchange(this, engine, head, route, client, requestStartNanos);
        exchange = next;
        next.start();
    }

    private static boolean expectsContinue(RequestHead head) throws BadMessageException {
        String expect = head.headers().get("Expect");
        if (expect == null || head.http10()) {
            return false;
        }
        if (!expect.equalsIgnoreCase("100-continue")) {
            throw new BadMessageException(417, "an expectation other than 100-continue");
        }
        return true;
    }

    private boolean readBody() throws BadMessageException {
        ServerExchange current = exchange;
        if (current == null || requestDelivered) {
            return false;
        }
        if (requestBroken || !current.wantsBody()) {
            timeout.clear();
            return false;
        }
        ByteBuf in = inbound == null ? Unpooled.EMPTY_BUFFER : inbound;
        ByteBuf part = decoder.body().next(in);
        if (part == null && !decoder.body().ended()) {
            sendContinue();
            timeout.set(settings.timeouts().bodyIdleMillis());
            return false;
        }
        expectsContinue = false;
        requestDelivered = decoder.body().ended();
        if (requestDelivered) {
            timeout.clear();
        }
        current.onBody(part == null ? Unpooled.EMPTY_BUFFER : part, requestDelivered);
        return true;
    }

    /** Invites the body if the client waits to be (RFC 9110 section 10.1.1). */
    private void sendContinue() {
        if (expectsContinue) {
            expectsContinue = false;
            writer.writeContinue();
        }
    }

    /** Drops the rest of a request that was answered before its end. */
    private boolean discard() throws BadMessageException {
        if (!skipBody()) {
            timeout.set(settings.timeouts().bodyIdleMillis());
            return false;
        }
        nextRequest();
        return true;
    }

    private boolean skipBody() throws BadMessageException {
        if (requestBroken) {
            return false;
        }
        ByteBuf in = inbound == null ? Unpooled.EMPTY_BUFFER : inbound;
        for (ByteBuf part = decoder.body().next(in);
                part != null;
                part = decoder.body().next(in)) {
            part.release();
        }
        return decoder.body().ended();
    }

    private void nextRequest() {
        state = State.IDLE;
        if (engine.isDraining()) {
            closeClean();
        } else {
            timeout.set(settings.timeouts().keepAliveMillis());
        }
    }

    private void dropReadBytes() {
        if (inbound != null && !inbound.isReadable()) {
            inbound.release();
            inbound = null;
        }
    }

    private void chooseReading() {
        boolean ahead = inbound != null && inbound.readableBytes() >= MAX_AHEAD_BYTES;
        boolean read = !ahead || state == State.LINGER || state == State.HEAD;
        if (read != reading) {
            reading = read;
            channel.config().setAutoRead(read);
        }
    }

    /** The exchange asks for the request's body, now or again. */
    void requestWanted() {
        process();
    }

    /** The length the request's body announces, or 0. */
    long announcedLength() {
        return decoder.framing().length();
    }

    ByteBufAllocator alloc() {
        return channel.alloc();
    }

    EventLoop eventLoop() {
        return channel.eventLoop();
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    void writeHead(ResponseHead head, ServerExchange from) {
        keepAlive = keepAlive
                && !engine.isDraining()
                && ResponseWriter.delimits(head, from.request())
                && requestCanBeFinished(from);
        writer.writeHead(head, from.request(), from.id(), keepAlive);
    }

    /** Whether what is left of the request is little enough to read it for the sake of the connection. */
    private boolean requestCanBeFinished(ServerExchange from) {
        if (requestDelivered) {
            return true;
        }
        if (from.isStreaming()) {
            return false;
        }
        try {
            if (skipBody()) {
                requestDelivered = true;
                return true;
            }
        } catch (BadMessageException e) {
            return false;
        }
        long rest = decoder.body().remainingLength();
        return !expectsContinue && rest > 0 && rest <= MAX_DISCARD_BYTES;
    }

    boolean writeBody(ByteBuf part, boolean last) {
        return writer.writeBody(part, last);
    }

    void flush() {
        writer.flush();
        writeStall.watch(settings.timeouts().writeStallMillis());
    }

    /** The exchange has written its answer to the end. */
    void answered() {
        exchange = null;
        if (!keepAlive) {
            closeAfterFlush(!decoder.body().ended() || (inbound != null && inbound.isReadable()));
            return;
        }
        flush();
        if (state == State.CLOSED) {
            return;
        }
        if (decoder.body().ended()) {
            nextRequest();
        } else {
            state = State.DISCARD;
        }
        process();
    }

    /** The exchange cannot write its answer to the end: what was written leaves, and then the end is a visible one. */
    void cut() {
        exchange = null;
        state = State.LINGER;
        timeout.clear();
        if (writer.endsWithConnection()) {
            // An orderly close would look like the end of the body.
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
        writer.flushLast().addListener(ChannelFutureListener.CLOSE);
        writeStall.watch(settings.timeouts().writeStallMillis());
    }

    /** Ends what is in flight, because the drain deadline came. */
    void cutForShutdown() {
        ServerExchange current = exchange;
        if (current != null) {
            current.fail(new GatewayException(GatewayError.SHUTTING_DOWN, "the gateway is shutting down")
                    .retryAfterMillis(1000));
        } else {
            channel.close();
        }
    }

    /** Closes if no request is in flight. */
    void closeIfIdle() {
        if (state == State.IDLE) {
            closeClean();
        }
    }

    private void closeClean() {
        state = State.LINGER;
        timeout.clear();
        writer.flushLast().addListener(ChannelFutureListener.CLOSE);
        writeStall.watch(settings.timeouts().writeStallMillis());
    }

    private void broken(BadMessageException e) {
        ServerExchange current = exchange;
        keepAlive = false;
        requestBroken = true;
        if (current != null && state == State.EXCHANGE) {
            GatewayError error = e.status() == 431 ? GatewayError.BODY_TOO_LARGE : GatewayError.BAD_REQUEST;
            current.fail(new GatewayException(error, "broken request body: " + e.detail()));
        } else if (state == State.DISCARD) {
            closeAfterFlush(true);
        } else {
            refuse(e.status(), e.detail());
        }
    }

    private void refuse(int status, String detail) {
        engine.listener().refused(status);
        writer.writeRaw(ErrorResponses.refusal(status, detail, RequestId.of(new Headers())));
        closeAfterFlush(true);
    }

    /**
     * Closes once everything has left. With bytes of the client still on their way, an immediate close would reset the
     * connection and take the answer with it: so only our side is closed, and theirs read for a while (RFC 9112 section 9.6).
     */
    private void closeAfterFlush(boolean linger) {
        state = State.LINGER;
        timeout.clear();
        if (inbound != null) {
            inbound.release();
            inbound = null;
        }
        writer.flushLast().addListener(written -> {
            if (linger && written.isSuccess() && channel instanceof DuplexChannel duplex) {
                beginLinger(duplex);
            } else {
                channel.close();
            }
        });
        writeStall.watch(settings.timeouts().writeStallMillis());
        chooseReading();
    }

    private void beginLinger(DuplexChannel duplex) {
        lingerUntilNanos = System.nanoTime() + LINGER_TOTAL_NANOS;
        timeout.set(LINGER_IDLE_MILLIS);
        SslHandler encryption = channel.pipeline().get(SslHandler.class);
        if (encryption == null) {
            duplex.shutdownOutput();
        } else {
            encryption.closeOutbound().addListener(closed -> duplex.shutdownOutput());
        }
    }

    private void onLingeringRead() {
        if (lingerUntilNanos == 0) {
            return;
        }
        if (System.nanoTime() - lingerUntilNanos > 0) {
            channel.close();
        } else {
            timeout.set(LINGER_IDLE_MILLIS);
        }
    }

    private void expired() {
        switch (state) {
            case IDLE -> {
                if (writeStall.isPending()) {
                    timeout.set(settings.timeouts().keepAliveMillis());
                } else {
                    channel.close();
                }
            }
            case DISCARD -> closeAfterFlush(true);
            case LINGER -> channel.close();
            case HEAD -> refuse(408, "the request's head took too long");
            case EXCHANGE -> {
                if (exchange != null && !requestDelivered && exchange.wantsBody()) {
                    keepAlive = false;
                    exchange.fail(
                            new GatewayException(GatewayError.REQUEST_TIMEOUT, "the request's body stopped arriving"));
                }
            }
            case CLOSED -> {}
        }
    }

    private void stalled() {
        LOG.debug("client took nothing for {} ms", settings.timeouts().writeStallMillis());
        channel.close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!channel.isWritable()) {
            return;
        }
        if (exchange != null) {
            exchange.onWritable();
        } else {
            process();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        state = State.CLOSED;
        timeout.close();
        writeStall.close();
        ServerExchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientLeft();
        }
        writer.release();
        if (inbound != null) {
            inbound.release();
            inbound = null;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("client connection failed: {}", cause.toString());
        } else if (cause instanceof DecoderException) {
            LOG.debug("client handshake failed: {}", cause.toString());
        } else {
            LOG.error("client connection failed", cause);
        }
        ctx.close();
    }
}

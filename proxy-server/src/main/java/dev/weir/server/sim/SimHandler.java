package dev.weir.server.sim;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: answers its requests one after the other, and tells the one in progress when the client leaves.
 * *Runs on the event loop*; *takes* the requests.
 */
final class SimHandler extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(SimHandler.class);

    private record Received(FullHttpRequest request, RecordedRequest head) {}

    private final SimKind kind;
    private final Consumer<Exchange> entry;
    private final SimStats stats;
    private final HeadRecorder heads;
    /** Pipelined requests; reading stops while there are any, so they are few. */
    private final ArrayDeque<Received> pipelined = new ArrayDeque<>(2);
    /** The exchange in progress; one that has ended stays until the next pipelined request begins. */
    private @Nullable Exchange current;

    SimHandler(SimKind kind, Consumer<Exchange> entry, SimStats stats, HeadRecorder heads) {
        this.kind = kind;
        this.entry = entry;
        this.stats = stats;
        this.heads = heads;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        stats.connectionOpened();
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stats.connectionClosed();
        Exchange left = current;
        if (left != null && !left.isEnded()) {
            left.cancel();
            stats.requestEnded(true);
        }
        pipelined.forEach(received -> received.request().release());
        pipelined.clear();
        ctx.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof FullHttpRequest request)) {
            ReferenceCountUtil.release(message);
            return;
        }
        Received received = new Received(request, heads.last());
        if (current == null) {
            begin(ctx, received);
        } else {
            pipelined.add(received);
            ctx.channel().config().setAutoRead(false);
        }
    }

    private void begin(ChannelHandlerContext ctx, Received received) {
        FullHttpRequest request = received.request();
        byte[] body;
        try {
            body = ByteBufUtil.getBytes(request.content());
        } finally {
            request.release();
        }
        String path = new QueryStringDecoder(request.uri()).path();
        stats.requestStarted(path, received.head().withBody(body));
        Exchange exchange = new Exchange(ctx.channel(), kind, request, path, body, ended -> finished(ctx, ended));
        current = exchange;
        exchange.guarded(() -> {
            if (request.decoderResult().isFailure()) {
                throw new SimError(400, "malformed HTTP request");
            }
            entry.accept(exchange);
        });
    }

    private void finished(ChannelHandlerContext ctx, Exchange ended) {
        stats.requestEnded(false);
        if (ended.closesConnection()) {
            return;
        }
        if (pipelined.isEmpty()) {
            current = null;
            return;
        }
        // Not from here: a long row of pipelined requests would recurse as deep.
        ctx.executor().execute(() -> {
            Received next = pipelined.poll();
            if (next != null) {
                ctx.channel().config().setAutoRead(pipelined.isEmpty());
                begin(ctx, next);
            }
        });
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Exchange exchange = current;
        if (exchange != null) {
            exchange.writabilityChanged();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            log.debug("connection failed", cause);
        }
        var unused = ctx.close();
    }
}

package dev.weir.server.sim;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequest;

/** Keeps each request's head as received, since aggregation rewrites it. One a connection; *runs on the event loop*. */
final class HeadRecorder extends ChannelInboundHandlerAdapter {
    private static final byte[] NO_BODY = {};

    private RecordedRequest last = RecordedRequest.NONE;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest head) {
            last = new RecordedRequest(head, NO_BODY);
        }
        ctx.fireChannelRead(message);
    }

    RecordedRequest last() {
        return last;
    }
}

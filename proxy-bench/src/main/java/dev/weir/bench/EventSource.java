package dev.weir.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The backend of cells with streams, in this process so that it shares a clock with {@link Streams}: answers every POST with
 * events at a fixed interval until {@link #finish}, and every GET with an empty list of models. One event loop of its own;
 * the methods may be called from any thread.
 */
final class EventSource implements AutoCloseable {
    private static final byte[] HEAD = wire("""
            HTTP/1.1 200 OK
            Content-Type: text/event-stream
            Cache-Control: no-cache
            Transfer-Encoding: chunked

            """);
    private static final byte[] NO_MODELS = wire("""
            HTTP/1.1 200 OK
            Content-Type: application/json
            Content-Length: 27

            {"object":"list","data":[]}""");
    private static final byte[] CHUNK_HEAD = (Integer.toHexString(Events.length()) + "\r\n").getBytes(US_ASCII);
    private static final byte[] CHUNK_END = "\r\n".getBytes(US_ASCII);
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(US_ASCII);
    private static final String USAGE_ASKED = "\"include_usage\":true";

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final int port;
    private final AtomicLong eventsSent = new AtomicLong();
    private final AtomicLong usageAsked = new AtomicLong();
    private volatile long intervalMicros;
    private volatile boolean finishing;

    EventSource() throws IOException {
        port = Ports.next();
        new ServerBootstrap()
                .group(group)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 8192)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpRequestDecoder(), new Stream(EventSource.this));
                    }
                })
                .bind("127.0.0.1", port)
                .syncUninterruptibly();
    }

    private static byte[] wire(String text) {
        return text.replace("\n", "\r\n").getBytes(US_ASCII);
    }

    int port() {
        return port;
    }

    /** How the streams that begin from now on run: an event each {@code micros}, or only the first one if that is 0. */
    void begin(long micros) {
        intervalMicros = micros;
        finishing = false;
    }

    /** Has all streams end, each when its next event would be due; idle ones now. */
    void finish() {
        finishing = true;
    }

    /** Numbered events written so far, of all streams. */
    long eventsSent() {
        return eventsSent.get();
    }

    /** Streams so far for which usage was asked. */
    long usageAsked() {
        return usageAsked.get();
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One connection, with a stream at a time. On the event loop. */
    private static final class Stream extends ChannelInboundHandlerAdapter {
        /** How often an idle stream looks whether it is to end. */
        private static final long IDLE_LOOK_MICROS = 500_000;

        private final EventSource source;
        private final StringBuilder body = new StringBuilder();
        private boolean post;
        private boolean usage;
        private boolean idle;
        private long number;
        private @Nullable Future<?> timer;

        Stream(EventSource source) {
            this.source = source;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            try {
                if (message instanceof HttpRequest request) {
                    post = request.method().name().equals("POST");
                    body.setLength(0);
                }
                if (message instanceof HttpContent content) {
                    body.append(content.content().toString(US_ASCII));
                }
                if (message instanceof LastHttpContent) {
                    answer(ctx);
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        private void answer(ChannelHandlerContext ctx) {
            if (!post) {
                ctx.writeAndFlush(Unpooled.wrappedBuffer(NO_MODELS));
                return;
            }
            usage = body.indexOf(USAGE_ASKED) >= 0;
            if (usage) {
                source.usageAsked.incrementAndGet();
            }
            number = 0;
            idle = source.intervalMicros == 0;
            long interval = idle ? IDLE_LOOK_MICROS : source.intervalMicros;
            ctx.write(Unpooled.wrappedBuffer(HEAD));
            send(ctx);
            timer = ctx.executor().scheduleAtFixedRate(() -> next(ctx), interval, interval, TimeUnit.MICROSECONDS);
        }

        private void next(ChannelHandlerContext ctx) {
            if (source.finishing) {
                end(ctx);
            } else if (!idle) {
                send(ctx);
            }
        }

        private void send(ChannelHandlerContext ctx) {
            ByteBuf event = ctx.alloc().directBuffer(CHUNK_HEAD.length + Events.length() + CHUNK_END.length);
            event.writeBytes(CHUNK_HEAD);
            Events.write(event, number++, System.nanoTime());
            event.writeBytes(CHUNK_END);
            source.eventsSent.lazySet(source.eventsSent.get() + 1);
            ctx.writeAndFlush(event, ctx.voidPromise());
        }

        private void end(ChannelHandlerContext ctx) {
            stop();
            byte[] end = Events.end(usage);
            ctx.writeAndFlush(Unpooled.wrappedBuffer(
                    (Integer.toHexString(end.length) + "\r\n").getBytes(US_ASCII), end, CHUNK_END, LAST_CHUNK));
        }

        private void stop() {
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            stop();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}

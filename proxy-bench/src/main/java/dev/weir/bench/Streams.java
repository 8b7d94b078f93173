package dev.weir.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Clients of many streams at once, which look at every event. One event loop of its own writes the fields; other threads read
 * the counts, and the histograms when the streams have ended.
 */
final class Streams implements AutoCloseable {
    private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(100);

    /** A tenth of a thousandth: gaps are long, and differ by little. */
    private static final int GAP_DIGITS = 4;

    /** Streams begin one after another: a crowd that arrives at once measures the queue for connections. */
    private static final long NANOS_BETWEEN_BEGINNINGS = 700_000;

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Peer peer;
    private final List<Channel> channels = new ArrayList<>();
    private final Histogram firstByte = new Histogram(MAX_NANOS, 3);
    private final Histogram delays = new Histogram(MAX_NANOS, 3);
    private final Histogram gaps = new Histogram(MAX_NANOS, GAP_DIGITS);
    private volatile boolean recording;
    private volatile int started;
    private volatile int ended;
    private volatile long events;
    private volatile long usages;
    private volatile @Nullable String failure;

    private Streams(Peer peer) {
        this.peer = peer;
    }

    /** Begins {@code count} streams at {@code peer}, and returns when each has had its first event. */
    static Streams begin(Peer peer, Request request, int count) throws IOException, VoidCellException {
        Streams streams = new Streams(peer);
        byte[] wire = request.wire(peer);
        Bootstrap bootstrap = new Bootstrap()
                .group(streams.group)
                .channel(EpollSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpResponseDecoder(), new Client(streams, wire));
                    }
                });
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            Await.seconds((start + i * NANOS_BETWEEN_BEGINNINGS - System.nanoTime()) / 1e9);
            streams.channels.add(bootstrap
                    .connect(InetAddress.getLoopbackAddress(), peer.port())
                    .addListener(done -> {
                        if (!done.isSuccess()) {
                            streams.failure = String.valueOf(done.cause());
                        }
                    })
                    .channel());
        }
        try {
            streams.awaitCount(count + " streams through " + peer.name(), () -> streams.started >= count);
            return streams;
        } catch (IOException | VoidCellException e) {
            streams.close();
            throw e;
        }
    }

    /** From now on, times are kept. */
    void record() {
        recording = true;
    }

    /** No more times are kept. */
    void stopRecording() {
        recording = false;
    }

    /** Events seen so far. */
    long events() {
        return events;
    }

    /** Events with a usage that came though no client asked for one. */
    long usages() {
        return usages;
    }

    /** From the request to the first event. */
    Histogram firstByte() {
        return firstByte;
    }

    /** From the source to the client. */
    Histogram delays() {
        return delays;
    }

    /** From one event of a stream to its next. */
    Histogram gaps() {
        return gaps;
    }

    /** Waits until all have ended well. */
    void awaitEnd() throws IOException, VoidCellException {
        awaitCount("the end of the streams through " + peer.name(), () -> ended >= channels.size());
    }

    private void awaitCount(String what, Await.Condition condition) throws IOException, VoidCellException {
        Await.until(what, () -> failure != null || condition.holds());
        if (failure != null) {
            throw new VoidCellException(peer.name() + ": " + failure);
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One stream. On the event loop, which alone writes the fields of {@link Streams}. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private static final class Client extends SimpleChannelInboundHandler<HttpObject> {
        private final Streams all;
        private final byte[] request;
        private final byte[] line = new byte[1024];
        private int length;
        private long sentNanos;
        private long lastNanos;
        private long nextNumber;
        private boolean done;
        private boolean complete;

        Client(Streams all, byte[] request) {
            this.all = all;
            this.request = request;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            sentNanos = System.nanoTime();
            ctx.writeAndFlush(Unpooled.wrappedBuffer(request));
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (message instanceof HttpResponse response && response.status().code() != 200) {
                all.failure = "status " + response.status();
            }
            if (message instanceof HttpContent content) {
                long now = System.nanoTime();
                ByteBuf bytes = content.content();
                while (bytes.isReadable()) {
                    append(bytes, now);
                }
            }
            if (message instanceof LastHttpContent) {
                if (!done) {
                    all.failure = "a stream ended without [DONE]";
                }
                complete = true;
                all.ended++;
            }
        }

        private void append(ByteBuf bytes, long now) {
            int newline = bytes.bytesBefore((byte) '\n');
            int count = newline < 0 ? bytes.readableBytes() : newline;
            if (length + count > line.length) {
                all.failure = "a line of more than " + line.length + " bytes";
                bytes.skipBytes(bytes.readableBytes());
                return;
            }
            bytes.readBytes(line, length, count);
            length += count;
            if (newline >= 0) {
                bytes.skipBytes(1);
                onLine(now);
                length = 0;
            }
        }

        private void onLine(long now) {
            switch (Events.kind(line, length)) {
                case NUMBERED -> onEvent(now);
                case USAGE -> all.usages++;
                case DONE -> done = true;
                case OTHER -> {}
            }
        }

        private void onEvent(long now) {
            if (Events.number(line, length) != nextNumber) {
                all.failure = "event " + nextNumber + " was lost, " + Events.number(line, length) + " came";
            }
            if (nextNumber == 0) {
                all.started++;
                all.firstByte.recordValue(within(now - sentNanos));
            } else if (all.recording) {
                all.gaps.recordValue(within(now - lastNanos));
                all.delays.recordValue(within(now - Events.nanos(line, length)));
            }
            lastNanos = now;
            nextNumber++;
            all.events++;
        }

        private static long within(long nanos) {
            return Math.max(0, Math.min(MAX_NANOS, nanos));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!complete && !ctx.executor().isShuttingDown()) {
                all.failure = "a stream was cut";
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            all.failure = String.valueOf(cause);
        }
    }
}

package dev.weir.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Load at a fixed rate, whatever the answers do: each request has its moment, and its latency counts from that moment, also
 * when it could not be sent then because all connections waited. So a stall shows in all requests that it held up
 * (coordinated omission is not left out).
 *
 * <p>Driven by one event loop of its own; {@link #run} blocks the caller.
 */
final class OpenLoop implements AutoCloseable {
    private static final long MAX_LATENCY_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int CONNECT_TIMEOUT_SECONDS = 10;
    private static final double SETTLE_SECONDS = 0.5;

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

    /**
     * What was seen of one peer.
     *
     * @param latencies in nanoseconds, from the moment a request was due to the end of its answer
     * @param cpuMicros of the proxy, for each request
     */
    record Seen(Histogram latencies, double cpuMicros) {
        double micros(double percentile) {
            return latencies.getValueAtPercentile(percentile) / 1e3;
        }
    }

    Seen run(Peer peer, Request request, int connections, double perSecond, double seconds) throws VoidCellException {
        Run run = new Run(peer, group.next(), request, connections, perSecond, seconds);
        try {
            run.connect(peer.port()).get(CONNECT_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            long cpuBefore = peer.cpuMicros();
            group.next().execute(run::tick);
            run.ended.get((long) seconds + 30, TimeUnit.SECONDS);
            // What a proxy does behind its answers, as for its records, is its cost too.
            Await.seconds(SETTLE_SECONDS);
            return new Seen(run.latencies, (double) (peer.cpuMicros() - cpuBefore) / run.total);
        } catch (ExecutionException e) {
            throw new VoidCellException(peer.name() + ": " + e.getCause());
        } catch (TimeoutException e) {
            throw new VoidCellException(peer.name() + ": some requests were never answered");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VoidCellException("interrupted");
        } finally {
            run.close();
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One run; all of it on the event loop but for what is said otherwise. */
    private static final class Run {
        private final String peer;
        private final EventLoop loop;
        private final byte[] request;
        private final int numberEnd;
        private final int connections;
        private final long total;
        private final double nanosBetween;
        private final Histogram latencies = new Histogram(MAX_LATENCY_NANOS, 3);
        private final CompletableFuture<Void> connected = new CompletableFuture<>();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final ArrayDeque<Connection> idle = new ArrayDeque<>();
        private final ArrayDeque<Channel> open = new ArrayDeque<>();
        private long startNanos;
        private long sent;
        private long answered;

        Run(Peer peer, EventLoop loop, Request request, int connections, double perSecond, double seconds) {
            this.peer = peer.name();
            this.loop = loop;
            this.request = request.wire(peer);
            this.numberEnd = request.numberEnd(peer);
            this.connections = connections;
            this.total = Math.round(perSecond * seconds);
            this.nanosBetween = 1e9 / perSecond;
        }

        /** Any thread. */
        CompletableFuture<Void> connect(int port) {
            Bootstrap bootstrap = new Bootstrap()
                    .group(loop)
                    .channel(EpollSocketChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new HttpResponseDecoder(), new Connection(Run.this, channel));
                        }
                    });
            for (int i = 0; i < connections; i++) {
                bootstrap.connect(InetAddress.getLoopbackAddress(), port).addListener(done -> {
                    if (!done.isSuccess()) {
                        connected.completeExceptionally(done.cause());
                    }
                });
            }
            return connected;
        }

        void onConnected(Connection connection) {
            open.add(connection.channel);
            idle.add(connection);
            if (open.size() == connections) {
                connected.complete(null);
            }
        }

        /** Sends what is due, and comes back when the next is. */
        void tick() {
            if (startNanos == 0) {
                startNanos = System.nanoTime();
            }
            sendDue();
            if (sent < total && !ended.isDone()) {
                loop.schedule(this::tick, Math.max(0, due(sent) - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        }

        private long due(long number) {
            return startNanos + (long) (number * nanosBetween);
        }

        private void sendDue() {
            while (sent < total && due(sent) - System.nanoTime() <= 0) {
                Connection connection = idle.poll();
                if (connection == null) {
                    return;
                }
                if (numberEnd > 0) {
                    Request.number(request, numberEnd);
                }
                connection.send(due(sent++), request);
            }
        }

        void onAnswer(Connection connection, long dueNanos, boolean fine) {
            if (!fine) {
                fail("a request failed");
                return;
            }
            latencies.recordValue(Math.min(MAX_LATENCY_NANOS, System.nanoTime() - dueNanos));
            idle.add(connection);
            if (++answered == total) {
                ended.complete(null);
            } else {
                sendDue();
            }
        }

        void fail(String what) {
            ended.completeExceptionally(new IllegalStateException(peer + ": " + what));
        }

        /** Any thread. */
        void close() {
            loop.submit(() -> {
                        ended.complete(null);
                        open.forEach(Channel::close);
                    })
                    .syncUninterruptibly();
        }
    }

    /** One connection, with one request at a time. On the event loop. */
    private static final class Connection extends SimpleChannelInboundHandler<HttpObject> {
        private final Run run;
        private final Channel channel;
        private long dueNanos;
        private boolean fine;
        private boolean waiting;

        Connection(Run run, Channel channel) {
            this.run = run;
            this.channel = channel;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            run.onConnected(this);
        }

        void send(long due, byte[] request) {
            dueNanos = due;
            waiting = true;
            ByteBuf copy = channel.alloc().directBuffer(request.length).writeBytes(request);
            channel.writeAndFlush(copy, channel.voidPromise());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (message instanceof HttpResponse response) {
                fine = response.status().code() == 200
                        && response.decoderResult().isSuccess();
            }
            if (message instanceof LastHttpContent && waiting) {
                waiting = false;
                run.onAnswer(this, dueNanos, fine);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!run.ended.isDone()) {
                run.fail("a connection was closed");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, @Nullable Throwable cause) {
            run.fail(String.valueOf(cause));
        }
    }
}

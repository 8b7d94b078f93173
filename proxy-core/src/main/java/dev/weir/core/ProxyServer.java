package dev.weir.core;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The listeners of one {@link Engine} and the connections they accepted. Any thread; {@link #drain} and {@link #close}
 * block and must not be called on an event loop.
 */
public final class ProxyServer implements AutoCloseable {
    private static final int BACKLOG = 4096;

    private final Engine engine;
    private final Transport transport;
    private final EventLoopGroup eventLoops;
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final List<Channel> listeners = new ArrayList<>();

    public ProxyServer(Engine engine, Transport transport, EventLoopGroup eventLoops) {
        this.engine = engine;
        this.transport = transport;
        this.eventLoops = eventLoops;
    }

    /**
     * Listens on one more address.
     *
     * @param address where; port 0 takes a free one
     * @param tls gives the certificate for each new connection, or null for plain text
     * @return the address bound
     * @throws IOException if it cannot be bound
     */
    public InetSocketAddress listen(InetSocketAddress address, @Nullable Supplier<SslContext> tls) throws IOException {
        return listen(address, tls, false);
    }

    /**
     * As {@link #listen(InetSocketAddress, Supplier)}.
     *
     * @param reusePort whether other processes that say so too may listen there as well; the kernel divides the connections
     */
    public InetSocketAddress listen(InetSocketAddress address, @Nullable Supplier<SslContext> tls, boolean reusePort)
            throws IOException {
        ServerBootstrap bootstrap = bootstrap(tls)
                .channel(transport.serverSocket())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true);
        if (reusePort) {
            bootstrap.option(transport.reusePort(), true);
        }
        return opened(bootstrap.bind(address), address.toString());
    }

    /**
     * Accepts connections on a socket that another process has bound and listens on already. Closing it here does not close it
     * there.
     *
     * @param descriptor the socket's number in this process; it must not block
     * @return the address it is bound to
     * @throws IOException if it cannot be used
     */
    public InetSocketAddress adopt(int descriptor, @Nullable Supplier<SslContext> tls) throws IOException {
        if (transport != Transport.EPOLL) {
            throw new IOException("a socket that is handed over needs server.transport epoll, not " + transport);
        }
        ServerBootstrap bootstrap = bootstrap(tls).channelFactory(() -> new EpollServerSocketChannel(descriptor));
        return opened(bootstrap.register(), "descriptor " + descriptor);
    }

    private ServerBootstrap bootstrap(@Nullable Supplier<SslContext> tls) {
        return new ServerBootstrap()
                .group(eventLoops)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(new ClientPipeline(engine, clients, tls));
    }

    private InetSocketAddress opened(ChannelFuture opening, String what) throws IOException {
        opening.awaitUninterruptibly();
        if (!opening.isSuccess()) {
            throw new IOException(
                    "cannot listen on " + what + ": " + opening.cause().getMessage(), opening.cause());
        }
        listeners.add(opening.channel());
        return (InetSocketAddress) opening.channel().localAddress();
    }

    /**
     * Ends in order: answers say {@code Connection: close} from now on; after {@code delay} no connection is accepted and
     * idle ones are closed; what is in flight may finish until {@code deadline} has passed as well, and is cut then.
     *
     * @return whether everything finished by itself
     */
    public boolean drain(Duration delay, Duration deadline) throws InterruptedException {
        engine.drain();
        TimeUnit.NANOSECONDS.sleep(delay.toNanos());
        stopListening();
        awaitRegistrations();
        engine.closeIdle();
        forEachConnection(ClientConnection::closeIfIdle);
        if (awaitExchanges(deadline)) {
            return true;
        }
        forEachConnection(ClientConnection::cutForShutdown);
        engine.orphans().cut();
        if (!awaitExchanges(Duration.ofSeconds(2))) {
            clients.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        }
        return false;
    }

    /** Cuts everything now. The event loops stay: they are the caller's. */
    @Override
    public void close() {
        engine.drain();
        stopListening();
        clients.close().awaitUninterruptibly();
        engine.orphans().cut();
    }

    private void stopListening() {
        for (Channel listener : listeners) {
            listener.close().awaitUninterruptibly();
        }
        listeners.clear();
    }

    /** Connections accepted last are known once every event loop has done what was handed to it. */
    private void awaitRegistrations() throws InterruptedException {
        for (EventExecutor eventLoop : eventLoops) {
            eventLoop.submit(() -> {}).await(1, TimeUnit.SECONDS);
        }
    }

    /** Waits until all connections are closed and no exchange goes on without one. */
    private boolean awaitExchanges(Duration deadline) throws InterruptedException {
        long endNanos = System.nanoTime() + deadline.toNanos();
        return clients.newCloseFuture().await(deadline.toNanos(), TimeUnit.NANOSECONDS)
                && engine.orphans().awaitNone(endNanos);
    }

    private void forEachConnection(Consumer<ClientConnection> action) {
        for (Channel channel : clients) {
            ClientConnection connection = channel.pipeline().get(ClientConnection.class);
            if (connection != null) {
                channel.eventLoop().execute(() -> action.accept(connection));
            }
        }
    }
}

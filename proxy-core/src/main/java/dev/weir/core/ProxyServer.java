package dev.weir.core;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
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
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(eventLoops)
                .channel(transport.serverSocket())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(new ClientPipeline(engine, clients, tls));
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        listeners.add(bound.channel());
        return (InetSocketAddress) bound.channel().localAddress();
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
        if (awaitClients(deadline)) {
            return true;
        }
        forEachConnection(ClientConnection::cutForShutdown);
        if (!awaitClients(Duration.ofSeconds(2))) {
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

    private boolean awaitClients(Duration deadline) throws InterruptedException {
        return clients.newCloseFuture().await(deadline.toNanos(), TimeUnit.NANOSECONDS);
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

package dev.weir.core;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of a client connection, in order. Bytes and connections are handled here; requests and tenants are the
 * business of {@link Middleware}.
 */
final class ClientPipeline extends ChannelInitializer<Channel> {
    /** Connections beyond the limit that are let in all the same, for health checks. */
    private static final int HEALTH_CONNECTIONS = 64;

    private static final long HANDSHAKE_MILLIS = 10_000;

    private final Engine engine;
    private final ChannelGroup clients;
    private final @Nullable Supplier<SslContext> tls;

    /**
     * @param clients where every connection is entered, for the drain
     * @param tls the certificate in force for new connections, or null for plain text
     */
    ClientPipeline(Engine engine, ChannelGroup clients, @Nullable Supplier<SslContext> tls) {
        this.engine = engine;
        this.clients = clients;
        this.tls = tls;
    }

    @Override
    protected void initChannel(Channel channel) {
        int open = engine.connectionCounts().opened();
        channel.closeFuture().addListener(closed -> engine.connectionCounts().closed());
        EngineSettings settings = engine.snapshot().settings();
        int limit = settings.maxConnections();
        if (open > limit + HEALTH_CONNECTIONS) {
            engine.listener().refused(503);
            channel.close();
            return;
        }
        if (!(channel.remoteAddress() instanceof InetSocketAddress remote)) {
            // Gone before it was looked at.
            channel.close();
            return;
        }
        if (isOneTooMany(channel, remote.getAddress(), settings)) {
            engine.listener().refused(503);
            channel.close();
            return;
        }
        clients.add(channel);
        if (tls != null) {
            // Decrypts. The handshake has its own deadline; a client hello is at most one record.
            SslHandler handler = tls.get().newHandler(channel.alloc());
            handler.setHandshakeTimeout(HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS);
            channel.pipeline().addLast("tls", handler);
        }
        // Reads requests, runs an exchange for each, writes the answers.
        Admission admission = new Admission(engine, ClientFacts.of(remote.getAddress(), tls != null), open > limit);
        channel.pipeline().addLast("connection", new ClientConnection(engine, channel, admission));
    }

    /** Counts a connection by its address, if that is limited. A trusted proxy stands for many clients. */
    private boolean isOneTooMany(Channel channel, InetAddress address, EngineSettings settings) {
        int limit = settings.maxConnectionsPerAddress();
        if (limit == 0 || settings.trustedProxies().contains(address)) {
            return false;
        }
        int open = engine.connectionCounts().opened(address);
        channel.closeFuture().addListener(closed -> engine.connectionCounts().closed(address));
        return open > limit;
    }
}

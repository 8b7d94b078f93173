package dev.weir.backends;

import dev.weir.core.HttpLimits;
import dev.weir.core.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens connections to one backend. Shared by all event loops. */
final class Connector {
    private static final Logger LOG = LoggerFactory.getLogger(Connector.class);

    /** Heads of backends may be larger than those of clients. */
    private static final HttpLimits LIMITS = new HttpLimits(16 * 1024, 64 * 1024, 200);

    private final Transport transport;
    private final BackendSpec spec;
    private final @Nullable SslContext tls;

    /**
     * @throws SSLException if the trusted certificates cannot be used
     */
    Connector(Transport transport, BackendSpec spec) throws SSLException {
        this.transport = transport;
        this.spec = spec;
        this.tls = spec.isTls() ? tlsContext(spec) : null;
    }

    private static SslContext tlsContext(BackendSpec spec) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient().protocols("TLSv1.3", "TLSv1.2");
        BackendSpec.Tls settings = spec.tls();
        if (settings == null) {
            return builder.build();
        }
        if (!settings.verify()) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null);
        } else if (settings.ca() != null) {
            builder.trustManager(settings.ca().toFile());
        }
        if (settings.certificate() != null && settings.privateKey() != null) {
            builder.keyManager(
                    settings.certificate().toFile(), settings.privateKey().toFile());
        }
        return builder.build();
    }

    /** Who wants a connection. Called on its event loop. */
    interface Requester {
        void connected(BackendConnection connection);

        void notConnected(Failure failure);
    }

    /**
     * Connects to {@code backend} on {@code eventLoop}, TLS handshake included, within the connect timeout. Tells {@code
     * requester} later, on that event loop, never from within.
     *
     * @return closing it gives up; null where there is nothing to give up
     */
    @Nullable
    Channel connect(Backend backend, EventLoop eventLoop, Requester requester) {
        InetSocketAddress address = backend.address().get();
        if (address.isUnresolved()) {
            notConnected(eventLoop, requester, "the name of backend " + spec.name() + " is unknown");
            return null;
        }
        long startNanos = System.nanoTime();
        ChannelFuture connecting = new Bootstrap()
                .group(eventLoop)
                .channel(transport.socket())
                .disableResolver()
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        Math.min(Integer.MAX_VALUE, spec.timeouts().connectMillis()))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        build(channel, backend);
                    }
                })
                .connect(address);
        if (connecting.isDone() && !connecting.isSuccess()) {
            // There is no socket to be had: the future belongs to another thread, the channel is none.
            LOG.error("no socket for a connection to backend {}", spec.name(), connecting.cause());
            notConnected(eventLoop, requester, "no connection to backend " + spec.name() + " could be opened");
            return null;
        }
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                requester.notConnected(failure(done.cause()));
            } else {
                secured(connecting.channel(), backend, requester, startNanos);
            }
        });
        return connecting.channel();
    }

    private static void notConnected(EventLoop eventLoop, Requester requester, String detail) {
        eventLoop.execute(() -> requester.notConnected(new Failure(Failure.Kind.CONNECT, detail)));
    }

    private void build(Channel channel, Backend backend) {
        if (tls != null) {
            SslHandler handler = tls.newHandler(channel.alloc(), spec.url().getHost(), spec.port());
            channel.pipeline().addLast("tls", handler);
        }
        channel.pipeline().addLast("backend", new BackendConnection(backend, channel, LIMITS));
    }

    private void secured(Channel channel, Backend backend, Requester requester, long startNanos) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        BackendConnection connection = channel.pipeline().get(BackendConnection.class);
        if (handler == null) {
            backend.connected();
            requester.connected(connection);
            return;
        }
        long spentMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
        handler.setHandshakeTimeoutMillis(Math.max(1, spec.timeouts().connectMillis() - spentMillis));
        handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                backend.connected();
                requester.connected(connection);
            } else {
                channel.close();
                requester.notConnected(handshakeFailure(done.cause()));
            }
        });
    }

    private Failure failure(Throwable cause) {
        boolean refused = cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException);
        return new Failure(
                refused ? Failure.Kind.REFUSED : Failure.Kind.CONNECT,
                "backend " + spec.name() + (refused ? " refused the connection" : " could not be connected"));
    }

    private Failure handshakeFailure(Throwable cause) {
        boolean late = cause instanceof SslHandshakeTimeoutException;
        String reason = cause instanceof SSLException && cause.getMessage() != null
                ? cause.getMessage()
                : "the connection was closed";
        return new Failure(
                late ? Failure.Kind.CONNECT : Failure.Kind.TLS,
                "the TLS handshake with backend " + spec.name() + " failed: " + reason);
    }
}

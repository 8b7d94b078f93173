package dev.weir.pipeline;

import dev.weir.core.CidrSet;
import dev.weir.core.Dialect;
import dev.weir.core.Endpoint;
import dev.weir.core.Engine;
import dev.weir.core.EngineSettings;
import dev.weir.core.ExchangeListener;
import dev.weir.core.Meters;
import dev.weir.core.Middleware;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.ProxyServer;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import dev.weir.core.Route.Access;
import dev.weir.core.Services;
import dev.weir.core.Transport;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A real server on a loopback port with one chain and one endpoint. Paths under {@code /management} are management routes,
 * those under {@code /open} open ones, all others are for clients. Believes {@code X-Forwarded-For}.
 */
public final class PipelineServer implements AutoCloseable {
    private final EventLoopGroup eventLoops = Transport.NIO.eventLoops(1, "pipeline-test");
    private final ProxyServer server;
    private final int port;

    public PipelineServer(Endpoint endpoint, Middleware... chain) {
        List<Middleware> middlewares = List.of(chain);
        EngineSettings plain = EngineSettings.DEFAULT;
        EngineSettings settings = new EngineSettings(
                plain.limits(),
                plain.maxConnections(),
                plain.maxConnectionsPerAddress(),
                plain.maxBufferedBytes(),
                plain.timeouts(),
                CidrSet.of(List.of("127.0.0.0/8")),
                plain.allowFrom());
        Engine engine = new Engine(settings, head -> route(head, middlewares, endpoint), ExchangeListener.NONE);
        server = new ProxyServer(engine, Transport.NIO, eventLoops);
        try {
            port = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null)
                    .getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Route route(RequestHead head, List<Middleware> chain, Endpoint endpoint) {
        Access access = head.path().startsWith("/management")
                ? Access.MANAGEMENT
                : head.path().startsWith("/open") ? Access.OPEN : Access.CLIENT;
        return new Route(access.toString(), access, Dialect.OPENAI, chain, endpoint, null, 1 << 20);
    }

    public int port() {
        return port;
    }

    /** For factories whose middlewares need nothing of the server. */
    public static Services noServices() {
        return new Services() {
            @Override
            public ScheduledExecutorService background() {
                throw new UnsupportedOperationException("background");
            }

            @Override
            public Path stateDirectory() {
                throw new UnsupportedOperationException("stateDirectory");
            }

            @Override
            public Meters meters() {
                throw new UnsupportedOperationException("meters");
            }

            @Override
            public ModelProfiles models() {
                return ModelProfile::unwritten;
            }

            @Override
            public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
                return maker.get();
            }

            @Override
            public <T> T shared(Class<T> type) {
                throw new UnsupportedOperationException("shared");
            }
        };
    }

    @Override
    public void close() {
        server.close();
        eventLoops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}

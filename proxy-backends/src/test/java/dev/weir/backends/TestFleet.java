package dev.weir.backends;

import dev.weir.core.Dialect;
import dev.weir.core.Engine;
import dev.weir.core.EngineSettings;
import dev.weir.core.ExchangeListener;
import dev.weir.core.ProxyServer;
import dev.weir.core.Route;
import dev.weir.core.Transport;
import dev.weir.testing.Await;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * A real listener and a real fleet in front of backends that tests script: model {@code m} is served by all of them under
 * {@code upstream-m}, {@code stand-in} by the last, and falls back from {@code m-or-stand-in}. Closing it checks that every
 * slot was given back.
 */
final class TestFleet implements AutoCloseable {
    static final BackendSpec.Timeouts PATIENT = new BackendSpec.Timeouts(500, 10_000, 10_000, 20_000);

    static final BackendSpec.Timeouts SLOW_CONNECT = new BackendSpec.Timeouts(30_000, 10_000, 10_000, 60_000);

    private final EventLoopGroup eventLoops = Transport.NIO.eventLoops(1, "test-loop");
    private final Fleet fleet = new Fleet(Transport.NIO, eventLoops, BackendEvents.NONE);
    private final ProxyServer server;
    private final int port;

    private TestFleet(List<BackendSpec> specs, BackendGroup.Settings settings) {
        List<ModelSpec.TargetSpec> all = new ArrayList<>();
        specs.forEach(spec -> all.add(new ModelSpec.TargetSpec(spec.name(), "upstream-m", 1)));
        List<ModelSpec.TargetSpec> first = all.subList(0, 1);
        List<ModelSpec.TargetSpec> last = all.subList(all.size() - 1, all.size());
        Fleet.Plan plan = fleet.plan(
                specs,
                List.of(
                        new ModelSpec("m", all, List.of(), Map.of()),
                        new ModelSpec("stand-in", last, List.of(), Map.of()),
                        new ModelSpec("m-or-stand-in", first, List.of("stand-in"), Map.of())),
                settings,
                false);
        Route models = new Route(
                "models",
                Route.Access.CLIENT,
                Dialect.OPENAI,
                List.of(),
                new ModelEndpoint(plan.catalog()),
                new ModelRequestReader(plan.catalog()),
                1 << 20);
        Route relay = new Route(
                "relay",
                Route.Access.CLIENT,
                Dialect.OPENAI,
                List.of(),
                new RelayEndpoint(plan.backend(specs.get(0).name()), settings, BackendEvents.NONE),
                null,
                1 << 20);
        Engine engine = new Engine(
                EngineSettings.DEFAULT,
                head -> head.path().startsWith("/v1/files") || head.path().equals("/tokenize") ? relay : models,
                ExchangeListener.NONE);
        server = new ProxyServer(engine, Transport.NIO, eventLoops);
        try {
            port = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null)
                    .getPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        fleet.adopt(plan);
    }

    /** In front of {@code backends}, with nothing special. */
    static TestFleet before(FakeBackend... backends) {
        return before(BackendGroup.Settings.DEFAULT, spec -> spec, backends);
    }

    /** In front of {@code backends}; returns once each has answered its first check, so that scripts are for requests. */
    static TestFleet before(
            BackendGroup.Settings settings, UnaryOperator<BackendSpec> change, FakeBackend... backends) {
        List<BackendSpec> specs = new ArrayList<>();
        for (int i = 0; i < backends.length; i++) {
            specs.add(change.apply(spec("b" + (i + 1), backends[i].url(), 64, PATIENT)));
        }
        TestFleet fleet = new TestFleet(specs, settings);
        for (FakeBackend backend : backends) {
            backend.awaitRequest(1);
        }
        return fleet;
    }

    /** In front of whatever the specs lead to. */
    static TestFleet of(BackendSpec... specs) {
        return new TestFleet(List.of(specs), BackendGroup.Settings.DEFAULT);
    }

    static BackendSpec spec(String name, String url, int maxInFlight, BackendSpec.Timeouts timeouts) {
        return new BackendSpec(
                name,
                URI.create(url),
                BackendSpec.Kind.OPENAI,
                1,
                maxInFlight,
                "backend-key",
                Map.of("X-Team", "a"),
                timeouts,
                BackendSpec.Pool.DEFAULT,
                new BackendSpec.Health(600_000, 1_000, 3, 2),
                BackendSpec.Eject.DEFAULT,
                null);
    }

    int port() {
        return port;
    }

    RawClient connect() {
        return RawClient.connect(port);
    }

    Backend backend(String name) {
        return fleet.current().backend(name);
    }

    /** Waits until every slot has been given back. */
    void awaitIdle() {
        Await.until(
                "all slots to be given back",
                () -> fleet.current().backends().values().stream().allMatch(backend -> backend.inFlight() == 0));
    }

    ProxyServer server() {
        return server;
    }

    @Override
    public void close() {
        try {
            awaitIdle();
        } finally {
            server.close();
            fleet.close();
            eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}

package dev.weir.core;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An engine on a loopback port, with routes found by their exact path: {@code /health} (open, answers {@code ok}),
 * {@code /echo} (answers with the collected body) and the test's own. Notes how exchanges end; {@link #close} fails unless
 * all that was taken was given back.
 */
final class TestGateway implements AutoCloseable {
    static final long MAX_BODY_BYTES = 1024 * 1024;

    private static final long WAIT_SECONDS = 20;

    /** How an exchange ended, as the listener was told. */
    record Ended(String path, String id, Outcome outcome, Progress progress) {
        Outcome.End end() {
            return outcome.end();
        }

        @Nullable
        GatewayError error() {
            return outcome.failure() == null ? null : outcome.failure().error();
        }
    }

    private final EventLoopGroup eventLoops;
    private final Map<String, Route> routes = new HashMap<>();
    private final BlockingQueue<Ended> ended = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> refused = new LinkedBlockingQueue<>();
    private final Engine engine;
    private final ProxyServer server;
    private final int port;

    private TestGateway(Transport transport, EngineSettings settings, List<Route> own) {
        eventLoops = transport.eventLoops(1, "gateway");
        Route missing = client("", Endpoint.answering(exchange -> LocalResponse.text(404, "nothing here")));
        routes.put("/health", open("/health", Endpoint.answering(exchange -> LocalResponse.text(200, "ok"))));
        routes.put("/echo", client("/echo", new Echo()));
        own.forEach(route -> routes.put(route.name(), route));
        engine = new Engine(settings, head -> routes.getOrDefault(head.path(), missing), new Listener());
        server = new ProxyServer(engine, transport, eventLoops);
        try {
            port = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null)
                    .getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static TestGateway start(Route... routes) {
        return start(EngineSettings.DEFAULT, routes);
    }

    static TestGateway start(EngineSettings settings, Route... routes) {
        return start(Transport.of("auto"), settings, routes);
    }

    static TestGateway start(Transport transport, EngineSettings settings, Route... routes) {
        return new TestGateway(transport, settings, List.of(routes));
    }

    static EngineSettings settings(EngineSettings.Timeouts timeouts) {
        return new EngineSettings(
                HttpLimits.DEFAULT, 1000, 0, 64 * MAX_BODY_BYTES, timeouts, CidrSet.EMPTY, CidrSet.EMPTY);
    }

    static Route open(String path, Endpoint endpoint, Middleware... chain) {
        return route(path, Route.Access.OPEN, endpoint, chain);
    }

    static Route client(String path, Endpoint endpoint, Middleware... chain) {
        return route(path, Route.Access.CLIENT, endpoint, chain);
    }

    private static Route route(String path, Route.Access access, Endpoint endpoint, Middleware... chain) {
        return new Route(path, access, Dialect.OPENAI, List.of(chain), endpoint, null, MAX_BODY_BYTES);
    }

    int port() {
        return port;
    }

    Engine engine() {
        return engine;
    }

    ProxyServer server() {
        return server;
    }

    RawClient connect() {
        return RawClient.connect(port);
    }

    /** The next exchange that ended. */
    Ended awaitEnded() {
        return next(ended, "an exchange ends");
    }

    /** The status of the next refusal before there was an exchange. */
    int awaitRefused() {
        return next(refused, "a request is refused");
    }

    /** What ended or was refused and no test looked at. */
    List<Object> takeRest() {
        List<Object> rest = new ArrayList<>();
        ended.drainTo(rest);
        refused.drainTo(rest);
        return rest;
    }

    static <T> T next(BlockingQueue<T> queue, String what) {
        try {
            T next = queue.poll(WAIT_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("not within " + WAIT_SECONDS + " s: " + what);
            }
            return next;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting: " + what, e);
        }
    }

    @Override
    public void close() {
        server.close();
        try {
            Await.until("all exchanges are over", () -> engine.exchanges() == 0);
            Await.until("all buffers are given back", () -> engine.bufferedBytes() == 0);
            Await.until("all connections are counted out", () -> engine.connections() == 0);
        } finally {
            eventLoops
                    .shutdownGracefully(0, WAIT_SECONDS, TimeUnit.SECONDS)
                    .awaitUninterruptibly(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    private final class Listener implements ExchangeListener {
        @Override
        public void ended(Exchange exchange, Outcome outcome) {
            ended.add(new Ended(exchange.request().path(), exchange.id(), outcome, exchange.progress()));
        }

        @Override
        public void refused(int status) {
            refused.add(status);
        }
    }

    /** Answers with the body it was sent. */
    private static final class Echo implements Endpoint {
        @Override
        public boolean needsBody() {
            return true;
        }

        @Override
        public void serve(Exchange exchange, Downstream downstream) {
            downstream.respond(LocalResponse.text(200, exchange.body().toString(StandardCharsets.UTF_8)));
        }
    }
}

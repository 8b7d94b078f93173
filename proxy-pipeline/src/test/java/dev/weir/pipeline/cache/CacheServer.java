package dev.weir.pipeline.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.core.Dialect;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Engine;
import dev.weir.core.EngineSettings;
import dev.weir.core.Exchange;
import dev.weir.core.ExchangeListener;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.Limits;
import dev.weir.core.Middleware;
import dev.weir.core.ModelPatterns;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelRequest;
import dev.weir.core.ProxyServer;
import dev.weir.core.Route;
import dev.weir.core.Transport;
import dev.weir.core.Verdict;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A real server with the cache before an endpoint that the test plays. Who sends a request stands in {@code x-test-key}. JSON
 * is written with apostrophes. {@link #close} fails unless every exchange and every flight is over.
 */
final class CacheServer implements AutoCloseable {
    static final String EMBEDDINGS = "/v1/embeddings";
    static final String CHAT = "/v1/chat/completions";
    static final String VECTORS = quoted("{'object': 'list', 'data': [{'index': 0, 'embedding': [0.25, -1]}]}");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final EventLoopGroup eventLoops = Transport.NIO.eventLoops(3, "cache-test");
    private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private final ResponseCache cache;
    private final Engine engine;
    private final ProxyServer server;
    private final int port;

    CacheServer(CacheSettings settings, ResponseCache cache, CacheStore store) {
        this(EngineSettings.DEFAULT, settings, cache, store);
    }

    CacheServer(EngineSettings engineSettings, CacheSettings settings, ResponseCache cache, CacheStore store) {
        this.cache = cache;
        cache.resize(settings.maxSize().bytes());
        List<Middleware> chain =
                List.of(CacheServer::identify, new CacheMiddleware(settings, cache, store, ModelProfile::unwritten));
        engine = new Engine(engineSettings, head -> route(head.path(), chain), ExchangeListener.NONE);
        server = new ProxyServer(engine, Transport.NIO, eventLoops);
        try {
            port = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null)
                    .getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Verdict identify(Exchange exchange) {
        String key = exchange.request().headers().get("x-test-key");
        if (key != null) {
            String models = exchange.request().headers().get("x-test-models");
            ModelPatterns allowed = models == null ? ModelPatterns.ALL : new ModelPatterns(List.of(models));
            exchange.set(Identity.KEY, new Identity(key, key, false, false, allowed, Limits.NONE));
        }
        return Verdict.PROCEED;
    }

    private Route route(String path, List<Middleware> chain) {
        Route.RequestReader reader = path.startsWith("/relayed") ? null : CacheServer::read;
        return new Route(path, Route.Access.CLIENT, Dialect.OPENAI, chain, new Backend(), reader, 16 << 20);
    }

    private static void read(Exchange exchange) throws GatewayException {
        try {
            JsonNode body = JSON.readTree(ByteBufUtil.getBytes(exchange.body()));
            Identity.requireModel(exchange, body.path("model").asText());
            exchange.set(
                    ModelRequest.KEY,
                    new ModelRequest(
                            body.path("model").asText(),
                            new ModelRequest.Span(0, 0),
                            true,
                            body.path("stream").asBoolean(),
                            null,
                            streamOptions(body.path("stream_options"))));
        } catch (IOException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "not JSON");
        }
    }

    private static ModelRequest.@Nullable StreamOptions streamOptions(JsonNode options) {
        ModelRequest.IncludeUsage usage = switch (options.path("include_usage").getNodeType()) {
            case BOOLEAN ->
                options.path("include_usage").booleanValue()
                        ? ModelRequest.IncludeUsage.ON
                        : ModelRequest.IncludeUsage.OFF;
            case NULL -> ModelRequest.IncludeUsage.OFF;
            case MISSING -> ModelRequest.IncludeUsage.UNSAID;
            default -> ModelRequest.IncludeUsage.UNKNOWN;
        };
        return options.isMissingNode() ? null : new ModelRequest.StreamOptions(usage, new ModelRequest.Span(0, 0));
    }

    static String quoted(String json) {
        return json.replace('\'', '"');
    }

    int port() {
        return port;
    }

    ResponseCache cache() {
        return cache;
    }

    CacheStatistics embeddings() {
        return cache.statistics().get(0);
    }

    CacheStatistics responses() {
        return cache.statistics().get(1);
    }

    /** Sends a request on a connection of its own; the answer is for later. */
    RawClient ask(String path, String json, String... headers) {
        RawClient client = RawClient.connect(port);
        client.sendRequest("POST " + path, quoted(json), headers);
        return client;
    }

    /** The answer to a request that the cache knows; no backend is asked. */
    RawResponse hit(String path, String json, String... headers) {
        try (RawClient client = ask(path, json, headers)) {
            return client.readResponse();
        }
    }

    /** The answer to a request that reaches the backend, which answers {@code answer}. */
    RawResponse miss(String path, String json, String answer, String... headers) {
        try (RawClient client = ask(path, json, headers)) {
            call().answer(quoted(answer));
            return client.readResponse();
        }
    }

    /** The next request that reached the backend. */
    Call call() {
        try {
            Call call = calls.poll(10, TimeUnit.SECONDS);
            if (call == null) {
                throw new AssertionError("no request reached the backend");
            }
            return call;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether requests reached the backend that no test looked at. */
    boolean isBackendAsked() {
        return !calls.isEmpty();
    }

    void awaitExchanges(int count) {
        Await.until(count + " exchanges are in flight", () -> engine.exchanges() == count);
        settle();
    }

    void awaitExchangesAtLeast(int count) {
        Await.until(count + " exchanges or more are in flight", () -> engine.exchanges() >= count);
        settle();
    }

    void awaitClients(int count) {
        Await.until(count + " clients are connected", () -> engine.connections() == count);
        settle();
    }

    /** What began has got as far as it can. */
    private void settle() {
        eventLoops.forEach(loop -> loop.submit(() -> {}).syncUninterruptibly());
    }

    /** Ends the server in order. */
    boolean drain(Duration deadline) {
        try {
            return server.drain(Duration.ZERO, deadline);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        server.close();
        try {
            Await.until("all exchanges are over", () -> engine.exchanges() == 0);
            Await.until("all buffers are given back", () -> engine.bufferedBytes() == 0);
            Await.until("all flights are over", () -> cache.flights().size() == 0);
        } finally {
            eventLoops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
        }
    }

    private final class Backend implements Endpoint {
        @Override
        public boolean needsBody() {
            return true;
        }

        @Override
        public void serve(Exchange exchange, Downstream downstream) {
            Call call = new Call(exchange, downstream);
            downstream.attach(call);
            calls.add(call);
        }
    }
}

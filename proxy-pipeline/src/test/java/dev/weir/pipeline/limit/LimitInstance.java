package dev.weir.pipeline.limit;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.Identity;
import dev.weir.core.Limits;
import dev.weir.core.LocalResponse;
import dev.weir.core.Meters;
import dev.weir.core.Middleware;
import dev.weir.core.ModelPatterns;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.ModelRequest;
import dev.weir.core.Services;
import dev.weir.core.TokenUsage;
import dev.weir.core.Verdict;
import dev.weir.pipeline.PipelineServer;
import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.store.Redis;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a gateway: a real server with the limits before an endpoint. Who sends a request stands in {@code x-key}, its
 * own limit of requests in {@code x-own}, the model in {@code x-model}. The answer takes as many tokens as {@code x-tokens}
 * says, comes from a cache with {@code x-hit}, and to {@code /hold} only when the test wants it. Any thread.
 */
final class LimitInstance implements AutoCloseable {
    private final TestMeters meters = new TestMeters();
    private final ScheduledExecutorService background = Executors.newScheduledThreadPool(1);
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
    private final @Nullable Redis redis;
    private final Map<String, Limits> models;
    private final SharedLimits shared;
    private final PipelineServer server;

    LimitInstance(LimitSettings settings) {
        this(settings, null, Map.of(), 30_000);
    }

    /** The caller closes {@code redis}, after this. */
    LimitInstance(LimitSettings settings, @Nullable Redis redis, Map<String, Limits> models, long leaseMillis) {
        this.redis = redis;
        this.models = models;
        Services services = new Lent();
        shared = new SharedLimits(services, leaseMillis);
        server = new PipelineServer(this::serve, new Identified(), LimitFactory.create(settings, services, shared));
    }

    private void serve(Exchange exchange, Downstream downstream) {
        Headers request = exchange.request().headers();
        String tokens = request.get("x-tokens");
        if (tokens != null) {
            TokenUsage usage = new TokenUsage();
            usage.reported(0, Long.parseLong(tokens));
            exchange.set(TokenUsage.KEY, usage);
        }
        LocalResponse answer = LocalResponse.text(request.get("x-fail") == null ? 200 : 500, "answer");
        if (request.get("x-hit") != null) {
            answer.with("x-weir-cache", "hit");
        }
        if (exchange.request().path().startsWith("/hold")) {
            held.add(() -> exchange.eventLoop().execute(() -> downstream.respond(answer)));
        } else {
            downstream.respond(answer);
        }
    }

    /** Finds out who sends a request and for which model, as others do in a whole gateway. */
    private static final class Identified implements Middleware {
        @Override
        public boolean needsBody() {
            return true;
        }

        @Override
        public Verdict onRequest(Exchange exchange) {
            Headers headers = exchange.request().headers();
            String key = headers.get("x-key");
            if (key != null) {
                String own = headers.get("x-own");
                Limits limits = own == null ? Limits.NONE : new Limits(Long.parseLong(own), 0, 0);
                exchange.set(
                        Identity.KEY,
                        new Identity(key, key, key.equals("master"), key.equals("master"), ModelPatterns.ALL, limits));
            }
            String model = headers.get("x-model");
            if (model != null) {
                exchange.set(ModelRequest.KEY, new ModelRequest(model, new ModelRequest.Span(0, 0), true, false, null));
            }
            return Verdict.PROCEED;
        }
    }

    private final class Lent implements Services {
        @Override
        public ScheduledExecutorService background() {
            return background;
        }

        @Override
        public Path stateDirectory() {
            throw new UnsupportedOperationException("stateDirectory");
        }

        @Override
        public Meters meters() {
            return meters;
        }

        @Override
        public ModelProfiles models() {
            return model -> {
                ModelProfile plain = ModelProfile.unwritten(model);
                return new ModelProfile(
                        model,
                        models.getOrDefault(model, Limits.NONE),
                        0,
                        0,
                        plain.defaults(),
                        plain.caps(),
                        plain.drops());
            };
        }

        @Override
        public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
            throw new UnsupportedOperationException("shared");
        }

        @Override
        public <T> T shared(Class<T> type) {
            throw new UnsupportedOperationException("shared");
        }

        @Override
        public <T> @Nullable T find(Class<T> type) {
            return type == Redis.class ? type.cast(redis) : null;
        }
    }

    int port() {
        return server.port();
    }

    TestMeters meters() {
        return meters;
    }

    RawResponse get(String path, String... headers) {
        return RawClient.get(port(), path, headers);
    }

    RawResponse post(String json, String... headers) {
        return RawClient.post(port(), "/v1/chat/completions", json, headers);
    }

    /** Sends a request whose answer waits for {@link #release}. */
    RawClient hold(String... headers) {
        RawClient client = RawClient.connect(port());
        client.sendRequest("GET /hold", "", headers);
        return client;
    }

    /** How many answers wait. */
    int holding() {
        return held.size();
    }

    /** Has all answers that wait go out. */
    void release() {
        for (Runnable answer = held.poll(); answer != null; answer = held.poll()) {
            answer.run();
        }
    }

    /** Renews the leases of requests in flight no more, as if the process were gone. */
    void fallSilent() {
        shared.close();
    }

    @Override
    public void close() {
        shared.close();
        server.close();
        background.shutdownNow();
    }
}

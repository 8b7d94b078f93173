package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Dialect;
import dev.weir.core.Endpoint;
import dev.weir.core.Engine;
import dev.weir.core.EngineSettings;
import dev.weir.core.Exchange;
import dev.weir.core.ExchangeListener;
import dev.weir.core.Identity;
import dev.weir.core.Outcome;
import dev.weir.core.ProxyServer;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import dev.weir.core.Router;
import dev.weir.core.Transport;
import dev.weir.core.Verdict;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A gateway in front of scripted backends: real server, engine and fleet. {@code /v1/files*} is relayed to the first
 * backend, everything else goes by its model; {@code /v1/messages} speaks Anthropic's dialect, {@code /api} Ollama's. After each test nothing is
 * in flight, and no connection is idle that is not open.
 */
final class GatewayFixture implements AfterEachCallback {
    static final String CHAT = "/v1/chat/completions";

    private final Transport transport = Transport.of("auto");
    private final Map<String, ScriptedBackend> scripted = new LinkedHashMap<>();
    private final Map<String, BackendSpec> specs = new LinkedHashMap<>();
    private final Map<String, ModelSpec> models = new LinkedHashMap<>();
    private final List<RawClient> clients = new ArrayList<>();
    private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    private final RecordingEvents events = new RecordingEvents();
    private BackendGroup.Settings settings = new BackendGroup.Settings(2, 100, 1_000, 256, 5_000);
    private boolean discover;
    private int loops = 1;
    private long heartbeatMillis;
    private @Nullable EventLoopGroup eventLoops;
    private @Nullable Fleet fleet;
    private @Nullable Engine engine;
    private @Nullable ProxyServer server;
    private int port;

    /** One more backend, and its script. */
    ScriptedBackend backend(String name) {
        return backend(name, spec -> spec);
    }

    ScriptedBackend backend(String name, UnaryOperator<SpecBuilder> settingsOfIt) {
        ScriptedBackend backend = new ScriptedBackend();
        scripted.put(name, backend);
        spec(settingsOfIt.apply(new SpecBuilder(name, backend.fake().url())).build());
        return backend;
    }

    /** One more backend that somebody else plays. */
    GatewayFixture spec(BackendSpec spec) {
        specs.put(spec.name(), spec);
        return this;
    }

    GatewayFixture without(String backend) {
        specs.remove(backend);
        return this;
    }

    /** A model on backends of those names, called {@code served} there. */
    GatewayFixture model(String name, String... backends) {
        return model(name, List.of(), backends);
    }

    GatewayFixture model(String name, List<String> fallbacks, String... backends) {
        return model(new ModelSpec(
                name,
                List.of(backends).stream()
                        .map(backend -> new ModelSpec.TargetSpec(backend, "served", 1))
                        .toList(),
                fallbacks,
                Map.of()));
    }

    GatewayFixture model(ModelSpec model) {
        models.put(model.name(), model);
        return this;
    }

    GatewayFixture settings(BackendGroup.Settings newSettings) {
        settings = newSettings;
        return this;
    }

    GatewayFixture discover() {
        discover = true;
        return this;
    }

    GatewayFixture loops(int count) {
        loops = count;
        return this;
    }

    GatewayFixture heartbeatMillis(long millis) {
        heartbeatMillis = millis;
        return this;
    }

    /** Starts it; a model {@code m} on all backends is there unless others are. */
    GatewayFixture start() {
        eventLoops = transport.eventLoops(loops, "gateway-loop");
        fleet = new Fleet(transport, eventLoops, events);
        Fleet.Plan plan = adopt();
        engine = new Engine(EngineSettings.DEFAULT, router(plan), new ExchangeListener() {
            @Override
            public void ended(Exchange exchange, Outcome outcome) {
                outcomes.add(outcome);
            }
        });
        server = new ProxyServer(engine, transport, eventLoops);
        try {
            port = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null)
                    .getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    private Fleet.Plan adopt() {
        List<ModelSpec> all = models.isEmpty() && !discover
                ? List.of(new ModelSpec(
                        "m",
                        specs.keySet().stream()
                                .map(name -> new ModelSpec.TargetSpec(name, "served", 1))
                                .toList(),
                        List.of(),
                        Map.of()))
                : List.copyOf(models.values());
        Fleet.Plan plan = fleet().plan(List.copyOf(specs.values()), all, settings, discover);
        fleet().adopt(plan);
        return plan;
    }

    /** Puts changed backends and models in force, as a reload does. */
    void reload() {
        engine().reload(EngineSettings.DEFAULT, router(adopt()));
    }

    private Router router(Fleet.Plan plan) {
        Endpoint byModel = new ModelEndpoint(plan.catalog(), heartbeatMillis);
        Route chat = route("/v1/*", Dialect.OPENAI, byModel, new ModelRequestReader(plan.catalog()));
        Route messages = route("/v1/messages", Dialect.ANTHROPIC, byModel, new ModelRequestReader(plan.catalog()));
        Route ollama = route("/api/*", Dialect.OLLAMA, byModel, new OllamaRequestReader(plan.catalog(), true));
        Route list = route("/v1/models", Dialect.OPENAI, new ModelsEndpoint(plan.catalog()), null);
        Route files = route(
                "/v1/files*",
                Dialect.OPENAI,
                new RelayEndpoint(plan.backends().values().iterator().next(), settings, events),
                null);
        return head -> head.path().startsWith("/api/") ? ollama : choose(head, chat, messages, list, files);
    }

    private static Route choose(RequestHead head, Route chat, Route messages, Route list, Route files) {
        String path = head.path();
        if (path.startsWith("/v1/files") || path.startsWith("/files")) {
            return files;
        }
        return path.startsWith("/v1/models") ? list : path.startsWith("/v1/messages") ? messages : chat;
    }

    private static Route route(
            String name, Dialect dialect, Endpoint endpoint, Route.@Nullable RequestReader requestReader) {
        return new Route(
                name,
                Route.Access.OPEN,
                dialect,
                List.of(GatewayFixture::identify),
                endpoint,
                requestReader,
                512L * 1024 * 1024);
    }

    /** Whose request it is, says the field {@code x-key}. */
    private static Verdict identify(Exchange exchange) {
        String key = exchange.request().headers().get("x-key");
        if (key != null) {
            exchange.set(Identity.KEY, new Identity(key, false, false));
        }
        return Verdict.PROCEED;
    }

    int port() {
        return port;
    }

    Fleet fleet() {
        return Objects.requireNonNull(fleet);
    }

    Engine engine() {
        return Objects.requireNonNull(engine);
    }

    ProxyServer server() {
        return Objects.requireNonNull(server);
    }

    RecordingEvents events() {
        return events;
    }

    /** How all exchanges ended, in order; waits until they have. */
    List<Outcome> outcomes() {
        Await.until("nothing is in flight", () -> engine().exchanges() == 0);
        return List.copyOf(outcomes);
    }

    /** The backend of that name as the gateway sees it. */
    Backend seen(String name) {
        return fleet().current().backend(name);
    }

    BackendGroup group(String model) {
        return Objects.requireNonNull(fleet().current().catalog().find(model));
    }

    /** A client, closed after the test. */
    RawClient client() {
        RawClient client = RawClient.connect(port);
        clients.add(client);
        return client;
    }

    /** A client whose request for model {@code m} has been sent. */
    RawClient ask() {
        return ask("m");
    }

    RawClient ask(String model) {
        RawClient client = client();
        client.sendRequest("POST " + CHAT, body(model));
        return client;
    }

    /** One request for model {@code m} and its answer. */
    RawResponse post() {
        return post("m");
    }

    RawResponse post(String model, String... headers) {
        return RawClient.post(port, CHAT, body(model), headers);
    }

    static String body(String model) {
        return "{\"model\": \"" + model + "\", \"stream\": true}";
    }

    void awaitQueued(String model, int count) {
        Await.until(count + " requests wait", () -> group(model).queued() == count);
    }

    void awaitNothingInFlight() {
        Await.until("nothing is in flight", () -> engine().exchanges() == 0);
        fleet().current()
                .backends()
                .values()
                .forEach(backend ->
                        Await.until("no slot of " + backend.name() + " is taken", () -> backend.inFlight() == 0));
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        try {
            clients.forEach(RawClient::close);
            if (server != null) {
                awaitNothingInFlight();
                assertThat(engine().bufferedBytes()).isZero();
                scripted.forEach((name, backend) -> {
                    Backend seen = fleet().current().backends().get(name);
                    if (seen != null) {
                        Await.until(
                                "idle connections to " + name + " are open ones",
                                () -> seen.idleConnections() <= backend.fake().openConnections());
                    }
                });
            }
        } finally {
            close();
        }
    }

    private void close() throws InterruptedException {
        if (server != null) {
            server.close();
        }
        if (fleet != null) {
            fleet.close();
        }
        if (eventLoops != null) {
            eventLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
        }
        scripted.values().forEach(ScriptedBackend::close);
    }
}

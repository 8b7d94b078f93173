package dev.weir.server;

import dev.weir.backends.AgentRequestReader;
import dev.weir.backends.BackendGroup;
import dev.weir.backends.Fleet;
import dev.weir.backends.ModelEndpoint;
import dev.weir.backends.ModelRequestReader;
import dev.weir.backends.ModelsEndpoint;
import dev.weir.backends.OllamaListEndpoint;
import dev.weir.backends.OllamaRequestReader;
import dev.weir.backends.OllamaShowEndpoint;
import dev.weir.backends.OllamaVersionEndpoint;
import dev.weir.backends.RelayEndpoint;
import dev.weir.backends.embeddings.EmbeddingsEndpoint;
import dev.weir.core.Dialect;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.core.Middleware;
import dev.weir.core.Route;
import dev.weir.core.Services;
import dev.weir.pipeline.agents.Agent;
import dev.weir.pipeline.agents.AgentShaping;
import dev.weir.pipeline.audit.AuditSettings;
import dev.weir.pipeline.audit.AuditWriter;
import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.pipeline.auth.StoredKeys;
import dev.weir.pipeline.limit.LimitSettings;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Redis;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.Problems;
import dev.weir.server.config.RouteConfig;
import dev.weir.server.config.WeirConfig;
import dev.weir.server.documents.DocumentsEndpoint;
import dev.weir.server.management.GatewayControl;
import dev.weir.server.management.HealthEndpoints;
import dev.weir.server.management.Readiness;
import dev.weir.server.observe.MetricsEndpoint;
import dev.weir.server.observe.Observation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Builds the routes of a configuration: the built-in ones, and before them those of {@code routes}. The list in
 * {@link #build} is the table of contents of what Weir answers.
 *
 * @param clients what the listeners for clients offer
 * @param admins what the listener for administration offers
 */
record RouteTables(RouteTable clients, RouteTable admins) {
    static final long MAX_MANAGEMENT_BODY_BYTES = 1024 * 1024;

    /** What clients of Ollama look for to know that it is there. */
    private static final String RUNNING = "Ollama is running";

    static RouteTables build(
            LoadedConfiguration loaded,
            Fleet.Plan plan,
            GatewayControl gateway,
            Services services,
            Observation observation)
            throws InvalidConfigurationException {
        Builder builder = new Builder(loaded, plan, services, observation);
        boolean apart = loaded.config().server().adminListen() != null;
        RouteTable.Builder clients = new RouteTable.Builder();
        builder.configured(clients);
        builder.agents(clients);
        builder.models(clients);
        builder.ollama(clients);
        builder.documents(clients);
        builder.health(clients, gateway);
        if (!apart) {
            builder.administration(clients, gateway);
        }
        RouteTable.Builder admins = new RouteTable.Builder();
        builder.health(admins, gateway);
        builder.administration(admins, gateway);
        RouteTable clientTable = clients.build(builder.fallback());
        RouteTable adminTable = admins.build(builder.fallback());
        if (!builder.problems.isEmpty()) {
            throw new InvalidConfigurationException(builder.problems.list());
        }
        return new RouteTables(clientTable, adminTable);
    }

    private static final class Builder {
        private final Problems problems = new Problems();
        private final LoadedConfiguration loaded;
        private final WeirConfig config;
        private final Fleet.Plan plan;
        private final Services services;
        private final Observation observation;
        private final BackendGroup.Settings groupSettings;
        private final List<Middleware> outer;
        private final List<Middleware> inner;
        private final List<Middleware> pipeline;
        private final List<Middleware> guarded;
        private final Endpoint byModel;
        private final ModelRequestReader reader;

        Builder(LoadedConfiguration loaded, Fleet.Plan plan, Services services, Observation observation) {
            this.loaded = loaded;
            this.config = loaded.config();
            this.plan = plan;
            this.reader = new ModelRequestReader(plan.catalog());
            this.services = services;
            this.observation = observation;
            this.groupSettings = EngineAssembly.groups(config.backendDefaults());
            int outer = outer(config.pipeline());
            this.outer = chain(config.pipeline().subList(0, outer), null);
            this.inner = loaded.middlewares()
                    .chain(
                            config.pipeline().subList(outer, config.pipeline().size()),
                            config,
                            null,
                            services,
                            problems);
            this.pipeline = joined(this.outer, this.inner);
            this.guarded = chain(List.of("cors", "audit", "auth", "rate_limit"), null);
            this.byModel = byModel(config.heartbeat());
        }

        private Endpoint byModel(Duration heartbeat) {
            return new EmbeddingsEndpoint(
                    plan.catalog(),
                    new ModelEndpoint(plan.catalog(), heartbeat.toMillis()),
                    EngineAssembly.promptBackends(config));
        }

        private List<Middleware> chain(List<String> names, @Nullable RouteConfig route) {
            List<String> all = new ArrayList<>();
            if (config.securityHeaders()) {
                all.add("security_headers");
            }
            all.addAll(names);
            return loaded.middlewares().chain(all, config, route, services, problems);
        }

        /** {@code routes:}, first match first. */
        void configured(RouteTable.Builder table) {
            for (RouteConfig route : config.routes()) {
                List<Middleware> chain =
                        route.pipeline() == null && route.middleware().isEmpty()
                                ? pipeline
                                : chain(route.pipeline() == null ? config.pipeline() : route.pipeline(), route);
                String backend = route.backend();
                Duration heartbeat = route.heartbeat();
                Endpoint endpoint = backend == null
                        ? heartbeat == null ? byModel : byModel(heartbeat)
                        : new RelayEndpoint(plan.backend(backend), groupSettings, observation.backendEvents());
                table.any(
                        route.path(),
                        new Route(
                                route.path(),
                                Route.Access.CLIENT,
                                dialect(route.path()),
                                chain,
                                endpoint,
                                backend == null ? reader : null,
                                config.server().maxBodyBytes().bytes()));
            }
        }

        /** OpenAI's API, with and without {@code /v1}, and everything else under it that names a model. */
        void models(RouteTable.Builder table) {
            Route list = client("/v1/models", new ModelsEndpoint(plan.catalog()), null);
            Route one = client("/v1/models/{id}", new ModelsEndpoint(plan.catalog()), null);
            for (String prefix : List.of("/v1", "")) {
                for (String path :
                        List.of("/chat/completions", "/completions", "/embeddings", "/responses", "/messages")) {
                    table.post(prefix + path, client("/v1" + path, byModel, reader));
                }
                table.get(prefix + "/models", list);
                table.get(prefix + "/models/*", one);
                for (String path : List.of("/audio/*", "/images/*", "/rerank", "/moderations")) {
                    table.post(prefix + path, client("/v1" + path, byModel, reader));
                }
            }
            table.post("/v1/*", client("/v1/*", byModel, reader));
            table.any("/v1/*", client("/v1/*", RouteTables::noModel, null));
        }

        /** {@code agents:}, each under its name, and all of them by the query. */
        void agents(RouteTable.Builder table) {
            List<Agent> agents = config.agents().entrySet().stream()
                    .map(agent -> EngineAssembly.agent(agent.getKey(), agent.getValue()))
                    .toList();
            for (Agent agent : agents) {
                for (String path : List.of("/chat/completions", "/completions")) {
                    String name = "/v1/" + agent.name() + path;
                    Route route = agent(name, AgentShaping.of(agent));
                    table.post(name, route);
                    table.post("/" + agent.name() + path, route);
                }
            }
            Route named = agent("/v1/agents/stream", AgentShaping.byQuery(agents));
            table.post("/v1/agents/stream", named);
            table.post("/agents/stream", named);
        }

        /** Shaped behind those who write down what clients get, before those who read what backends say. */
        private Route agent(String name, AgentShaping shaping) {
            List<Middleware> chain = joined(joined(outer, List.of(shaping)), inner);
            return client(name, chain, shaping.before(byModel), new AgentRequestReader(plan.catalog()));
        }

        /** How many of the middlewares, from the first, only care about what clients get. */
        private static int outer(List<String> names) {
            int count = 0;
            while (count < names.size() && List.of("cors", "audit").contains(names.get(count))) {
                count++;
            }
            return count;
        }

        private static List<Middleware> joined(List<Middleware> first, List<Middleware> second) {
            return Stream.concat(first.stream(), second.stream()).toList();
        }

        /** Ollama's own API over all backends. */
        void ollama(RouteTable.Builder table) {
            for (String path : List.of("/api/chat", "/api/generate")) {
                table.post(path, client(path, byModel, new OllamaRequestReader(plan.catalog(), true)));
            }
            for (String path : List.of("/api/embed", "/api/embeddings")) {
                table.post(path, client(path, byModel, new OllamaRequestReader(plan.catalog(), false)));
            }
            Endpoint show = new OllamaShowEndpoint(plan.catalog());
            table.post("/api/show", client("/api/show", show, new OllamaRequestReader(plan.catalog(), false)));
            table.get("/api/tags", client("/api/tags", OllamaListEndpoint.tags(plan), null));
            table.get("/api/ps", client("/api/ps", OllamaListEndpoint.loaded(plan), null));
            table.get("/api/version", open("/api/version", guarded, new OllamaVersionEndpoint(plan)));
            table.get("/", open("/", guarded, Endpoint.answering(exchange -> LocalResponse.text(200, RUNNING))));
        }

        private Route client(String name, Endpoint endpoint, Route.@Nullable RequestReader requestReader) {
            return client(name, pipeline, endpoint, requestReader);
        }

        private Route client(
                String name, List<Middleware> chain, Endpoint endpoint, Route.@Nullable RequestReader requestReader) {
            return new Route(
                    name,
                    Route.Access.CLIENT,
                    dialect(name),
                    chain,
                    endpoint,
                    requestReader,
                    config.server().maxBodyBytes().bytes());
        }

        /** Whoever may connect may read what the operator has put there. */
        void documents(RouteTable.Builder table) {
            Path directory = config.server().docsDirectory();
            if (directory != null) {
                Route route = open("/docs/*", guarded, new DocumentsEndpoint(directory, services.background()));
                table.get("/docs", route);
                table.get("/docs/*", route);
            }
        }

        void health(RouteTable.Builder table, GatewayControl gateway) {
            Readiness.Stores stores = new Readiness.Stores(
                    services.shared(Database.class),
                    StoredKeys.of(services),
                    Redis.of(services),
                    AuditWriter.of(services));
            Readiness.Needs needs = Readiness.Needs.of(
                    config.pipeline(),
                    config.settings("rate_limit").bind(LimitSettings.class, problems),
                    config.settings("audit").bind(AuditSettings.class, problems));
            HealthEndpoints health = new HealthEndpoints(gateway, new Readiness(gateway, stores, needs));
            // Nothing stands before the liveness probe: it answers while the process can.
            table.get("/healthz", open("/healthz", List.of(), health::liveness));
            table.get("/readyz", open("/readyz", guarded, health::readiness));
            table.get("/health", open("/health", guarded, health::report));
        }

        void administration(RouteTable.Builder table, GatewayControl gateway) {
            MetricsEndpoint metrics =
                    new MetricsEndpoint(observation.registry(), config.metrics().access());
            table.get("/metrics", open("/metrics", guarded, metrics));
            new ManagementRoutes(guarded, gateway, services, keyPrefix()).addTo(table);
        }

        private String keyPrefix() {
            AuthSettings settings = config.auth().bind(AuthSettings.class, problems);
            return settings == null ? "" : settings.keyPrefix();
        }

        private static Route open(String name, List<Middleware> chain, Endpoint endpoint) {
            return new Route(name, Route.Access.OPEN, Dialect.OPENAI, chain, endpoint, null, MAX_MANAGEMENT_BODY_BYTES);
        }

        /** What no route matches. */
        Route fallback() {
            return open("none", guarded, RouteTables::unknown);
        }
    }

    private static Dialect dialect(String path) {
        if (path.startsWith("/api/")) {
            return Dialect.OLLAMA;
        }
        return path.startsWith("/v1/messages") ? Dialect.ANTHROPIC : Dialect.OPENAI;
    }

    static void unknown(Exchange exchange, Downstream downstream) throws GatewayException {
        if (exchange.request().target().equals("*")) {
            downstream.respond(LocalResponse.empty(204).with("Allow", "GET, HEAD, POST, OPTIONS"));
            return;
        }
        throw new GatewayException(GatewayError.NOT_FOUND, "nothing is served at this path");
    }

    private static void noModel(Exchange exchange, Downstream downstream) throws GatewayException {
        throw new GatewayException(
                GatewayError.NOT_FOUND,
                "this request names no model, and no route of the configuration leads it to a backend");
    }

    /** Answers that a path is served for other methods only. */
    static Endpoint methodNotAllowed(String allowed) {
        return (exchange, downstream) -> {
            GatewayException failure = new GatewayException(
                    GatewayError.METHOD_NOT_ALLOWED,
                    "method " + exchange.request().method() + " is not offered here (offered: " + allowed + ")");
            downstream.respond(
                    LocalResponse.json(405, exchange.route().dialect().body(failure, exchange.id()))
                            .with("Allow", allowed));
        };
    }
}

package dev.weir.server;

import dev.weir.backends.Backend;
import dev.weir.backends.Fleet;
import dev.weir.core.Engine;
import dev.weir.core.EngineSettings;
import dev.weir.core.Router;
import dev.weir.core.Transport;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Redis;
import dev.weir.server.config.Environment;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.Problem;
import dev.weir.server.config.ServerConfig;
import dev.weir.server.config.WeirConfig;
import dev.weir.server.management.GatewayControl;
import dev.weir.server.management.ReloadReport;
import dev.weir.server.observe.Observation;
import dev.weir.server.systemd.InheritedSockets;
import dev.weir.server.systemd.SystemdNotifier;
import dev.weir.server.tls.ServerTls;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running gateway: its listeners, its fleet, its configuration and how that changes. Any thread. */
public final class Gateway implements GatewayControl, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int BACKGROUND_THREADS = 2;

    /** What ending takes besides the drain. */
    private static final Duration CLOSING = Duration.ofSeconds(15);

    private final ConfigurationFile file;
    private final Map<String, String> environment;
    private final Transport transport;
    private final EventLoopGroup eventLoops;
    private final Observation observation;
    private final Fleet fleet;
    private final ServerTls certificate = new ServerTls();
    private final ScheduledExecutorService background;
    private final ConfiguredProfiles profiles = new ConfiguredProfiles();
    private final SharedServices services;
    private final Engine engine;
    private final Engine adminEngine;
    private final Listeners listeners;
    private final SystemdNotifier notifier;
    private final long startNanos = System.nanoTime();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean draining = new AtomicBoolean();
    private volatile LoadedConfiguration loaded;

    private Gateway(ConfigurationFile file, Map<String, String> environment, LoadedConfiguration loaded) {
        WeirConfig config = loaded.config();
        Path stateDirectory = new Environment(environment).resolve("");
        // First of all: what it has to do is done while the rest is made.
        Database database = Database.begin(EngineAssembly.database(config.database(), stateDirectory));
        this.file = file;
        this.environment = Map.copyOf(environment);
        this.loaded = loaded;
        this.transport = EngineAssembly.transport(config.server());
        this.eventLoops = transport.eventLoops(config.server().eventLoops(), "weir-loop");
        this.observation = new Observation(config.logging());
        this.fleet = new Fleet(transport, eventLoops, observation.backendEvents());
        this.background =
                new ScheduledThreadPoolExecutor(BACKGROUND_THREADS, new DefaultThreadFactory("weir-background", true));
        this.services = new SharedServices(background, stateDirectory, observation.meters(), profiles);
        services.shared(Database.class, () -> database);
        Redis.Settings redis = EngineAssembly.redis(config.redis());
        if (redis != null) {
            services.shared(Redis.class, () -> Redis.open(redis, observation.meters()));
        }
        Router nothingYet = head -> {
            throw new IllegalStateException("no routes yet");
        };
        observation
                .meters()
                .gauge(
                        "weir_certificate_expiry_timestamp_seconds",
                        "When the certificate of the listeners ends, in seconds since 1970; 0 without one.",
                        this::certificateExpirySeconds);
        EngineSettings settings = EngineAssembly.engine(config.server());
        this.engine = new Engine(settings, nothingYet, observation.exchangeListener());
        this.adminEngine = new Engine(settings, nothingYet, observation.exchangeListener());
        this.listeners = new Listeners(engine, adminEngine, transport, eventLoops, observation.exchangeListener());
        this.notifier = SystemdNotifier.of(environment);
    }

    /**
     * Reads the configuration and starts.
     *
     * @throws InvalidConfigurationException if the configuration has problems; nothing was started
     * @throws IOException if an address cannot be listened on
     */
    static Gateway start(ConfigurationFile file, Map<String, String> environment)
            throws InvalidConfigurationException, IOException {
        return start(file, environment, LoadedConfiguration.load(file, environment));
    }

    /** Starts with a configuration that was read already. */
    static Gateway start(ConfigurationFile file, Map<String, String> environment, LoadedConfiguration loaded)
            throws InvalidConfigurationException, IOException {
        Gateway gateway = new Gateway(file, environment, loaded);
        try {
            gateway.putInForce(loaded);
            gateway.database().awaitTried();
            gateway.listeners.open(loaded.config().server(), InheritedSockets.of(environment), gateway.certificate);
            gateway.certificate.watch(gateway.background);
            gateway.observation.observeHost(gateway.services.stateDirectory(), gateway.background);
            ModelFeed.start(gateway.fleet, gateway::config, gateway.services);
            gateway.observation.observe(gateway.engine, gateway.fleet, gateway.database(), gateway.eventLoops);
        } catch (InvalidConfigurationException | IOException | RuntimeException e) {
            gateway.close();
            throw e;
        }
        return gateway;
    }

    /** Has the log say what was started: the sign for those who wait for it that signals are heeded as well. */
    void announce() {
        LoadedConfiguration started = loaded;
        started.warnings().forEach(warning -> LOG.warn("{}", warning));
        LOG.info(
                "weir {} listens on {}, transport {}, {} backends, {} models, configuration {}",
                Version.number(),
                listeners,
                transport,
                started.config().backends().size(),
                started.config().models().size(),
                file);
        notifier.ready(status());
        notifier.keepStatus(this::status);
        notifier.watch(eventLoops);
    }

    /** A line about how it stands. */
    private String status() {
        Collection<Backend> backends = fleet.current().backends().values();
        long up = backends.stream()
                .filter(backend -> backend.state().equals("up"))
                .count();
        return up + " of " + backends.size() + " backends up, " + engine.exchanges() + " exchanges in flight";
    }

    /** Builds everything the configuration asks for, and only then puts it in force. */
    private void putInForce(LoadedConfiguration next) throws InvalidConfigurationException, IOException {
        Fleet.Plan plan = plan(next.config());
        RouteTables tables = RouteTables.build(next, plan, this, services, observation);
        EngineSettings settings = EngineAssembly.engine(next.config().server());
        certificate.load(next.config().server().tls());
        profiles.replace(next.config().models());
        fleet.adopt(plan);
        engine.reload(settings, tables.clients());
        adminEngine.reload(settings, tables.admins());
        loaded = next;
    }

    private Fleet.Plan plan(WeirConfig config) throws InvalidConfigurationException {
        try {
            return fleet.plan(
                    EngineAssembly.backends(config),
                    EngineAssembly.models(config.models()),
                    EngineAssembly.groups(config.backendDefaults()),
                    config.discoverModels());
        } catch (IllegalArgumentException e) {
            throw new InvalidConfigurationException(
                    List.of(new Problem(file.toString(), 0, 0, "", String.valueOf(e.getMessage()), null)));
        }
    }

    @Override
    public synchronized ReloadReport reload() throws InvalidConfigurationException, IOException {
        boolean done = false;
        notifier.reloading();
        try {
            LoadedConfiguration before = loaded;
            LoadedConfiguration next = LoadedConfiguration.load(file, environment);
            putInForce(next);
            done = true;
            return ReloadReport.of(before.config(), next.config());
        } finally {
            observation.reloaded(done);
            notifier.ready(status());
        }
    }

    /** {@link #reload} for a signal: the log says what came of it. */
    void reloadAndLog() {
        try {
            LOG.info("configuration reloaded from {}: {}", file, reload());
        } catch (InvalidConfigurationException | IOException | RuntimeException e) {
            LOG.error("configuration not reloaded, the old one stays in force:\n{}", e.getMessage());
        }
    }

    /** Begins to end in order; false if it has begun already. */
    boolean drainInBackground() {
        if (!draining.compareAndSet(false, true)) {
            return false;
        }
        new Thread(this::drain, "weir-drain").start();
        return true;
    }

    private void drain() {
        ServerConfig.Timeouts timeouts = loaded.config().server().timeouts();
        notifier.stopping(timeouts.drainDelay().plus(timeouts.drain()).plus(CLOSING));
        LOG.info("draining: {} exchanges in flight", engine.exchanges());
        try {
            boolean clean = listeners.drain(timeouts.drainDelay(), timeouts.drain());
            LOG.info(clean ? "drained" : "drain deadline passed, what was left has been cut");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    double certificateExpirySeconds() {
        Instant expiry = certificate.expiry();
        return expiry == null ? 0 : expiry.getEpochSecond();
    }

    /** Blocks until the gateway has ended. */
    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /** Ends at once. */
    @Override
    public void close() {
        listeners.close();
        fleet.close();
        services.close();
        background.shutdownNow();
        eventLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
        observation.close();
        notifier.close();
        ended.countDown();
    }

    /** The address of the first listener. */
    InetSocketAddress address() {
        return listeners.addresses().get(0);
    }

    /** The addresses of all listeners: those for clients, the one for administration, the one that redirects. */
    List<InetSocketAddress> addresses() {
        return listeners.addresses();
    }

    @Override
    public WeirConfig config() {
        return loaded.config();
    }

    /** Where keys, usage and audit are. */
    Database database() {
        return services.shared(Database.class);
    }

    @Override
    public Fleet fleet() {
        return fleet;
    }

    @Override
    public boolean isDraining() {
        return draining.get();
    }

    @Override
    public long uptimeSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
    }

    @Override
    public String version() {
        return Version.number();
    }
}

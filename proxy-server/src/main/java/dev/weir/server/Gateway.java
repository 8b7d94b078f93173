package dev.weir.server;

import dev.weir.backends.Fleet;
import dev.weir.core.Engine;
import dev.weir.core.EngineSettings;
import dev.weir.core.ProxyServer;
import dev.weir.core.Router;
import dev.weir.core.Transport;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Redis;
import dev.weir.server.config.Environment;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.ListenAddress;
import dev.weir.server.config.Problem;
import dev.weir.server.config.ServerConfig;
import dev.weir.server.config.WeirConfig;
import dev.weir.server.management.GatewayControl;
import dev.weir.server.management.ReloadReport;
import dev.weir.server.observe.Observation;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running gateway: its listeners, its fleet, its configuration and how that changes. Any thread. */
public final class Gateway implements GatewayControl, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int BACKGROUND_THREADS = 2;

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
    private final ProxyServer clients;
    private final ProxyServer admins;
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private final long startNanos = System.nanoTime();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean draining = new AtomicBoolean();
    private volatile LoadedConfiguration loaded;
    private @Nullable ProxyServer redirects;

    private Gateway(ConfigurationFile file, Map<String, String> environment, LoadedConfiguration loaded) {
        WeirConfig config = loaded.config();
        this.file = file;
        this.environment = Map.copyOf(environment);
        this.loaded = loaded;
        this.transport = EngineAssembly.transport(config.server());
        this.eventLoops = transport.eventLoops(config.server().eventLoops(), "weir-loop");
        this.observation = new Observation(config.logging());
        this.fleet = new Fleet(transport, eventLoops, observation.backendEvents());
        this.background =
                new ScheduledThreadPoolExecutor(BACKGROUND_THREADS, new DefaultThreadFactory("weir-background", true));
        Path stateDirectory = new Environment(environment).resolve("");
        this.services = new SharedServices(background, stateDirectory, observation.meters(), profiles);
        services.shared(
                Database.class, () -> Database.open(EngineAssembly.database(config.database(), stateDirectory)));
        Redis.Settings redis = EngineAssembly.redis(config.redis());
        if (redis != null) {
            services.shared(Redis.class, () -> Redis.open(redis, observation.meters()));
        }
        Router nothingYet = head -> {
            throw new IllegalStateException("no routes yet");
        };
        EngineSettings settings = EngineAssembly.engine(config.server());
        this.engine = new Engine(settings, nothingYet, observation.exchangeListener());
        this.adminEngine = new Engine(settings, nothingYet, observation.exchangeListener());
        this.clients = new ProxyServer(engine, transport, eventLoops);
        this.admins = new ProxyServer(adminEngine, transport, eventLoops);
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
            gateway.listen(loaded.config().server());
            ModelFeed.start(gateway.fleet, gateway::config, gateway.services);
            gateway.observation.observe(
                    gateway.engine, gateway.fleet, gateway.services.shared(Database.class), gateway.eventLoops);
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
                addresses.stream().map(Gateway::text).collect(Collectors.joining(", ")),
                transport,
                started.config().backends().size(),
                started.config().models().size(),
                file);
    }

    private static String text(InetSocketAddress address) {
        return NetUtil.toSocketAddressString(address.getAddress().getHostAddress(), address.getPort());
    }

    private void listen(ServerConfig server) throws IOException {
        Supplier<SslContext> tls = server.tls() == null ? null : certificate::current;
        for (ListenAddress address : server.listen()) {
            addresses.add(clients.listen(socketAddress(address), tls));
        }
        if (server.adminListen() != null) {
            addresses.add(admins.listen(socketAddress(server.adminListen()), tls));
        }
        if (server.tls() != null && server.tls().redirectFrom() != null) {
            Engine redirect = new Engine(
                    EngineAssembly.engine(server),
                    new HttpsRedirect(address().getPort()),
                    observation.exchangeListener());
            ProxyServer plain = new ProxyServer(redirect, transport, eventLoops);
            addresses.add(plain.listen(socketAddress(server.tls().redirectFrom()), null));
            redirects = plain;
        }
    }

    private static InetSocketAddress socketAddress(ListenAddress address) throws IOException {
        InetSocketAddress socketAddress = new InetSocketAddress(address.host(), address.port());
        if (socketAddress.isUnresolved()) {
            throw new IOException("cannot listen on " + address + ": the name " + address.host() + " is not known");
        }
        return socketAddress;
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
        try {
            LoadedConfiguration before = loaded;
            LoadedConfiguration next = LoadedConfiguration.load(file, environment);
            putInForce(next);
            done = true;
            return ReloadReport.of(before.config(), next.config());
        } finally {
            observation.reloaded(done);
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
        LOG.info("draining: {} exchanges in flight", engine.exchanges());
        try {
            boolean clean = clients.drain(timeouts.drainDelay(), timeouts.drain());
            LOG.info(clean ? "drained" : "drain deadline passed, what was left has been cut");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    /** Blocks until the gateway has ended. */
    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /** Ends at once. */
    @Override
    public void close() {
        clients.close();
        admins.close();
        if (redirects != null) {
            redirects.close();
        }
        fleet.close();
        services.close();
        background.shutdownNow();
        eventLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
        observation.close();
        ended.countDown();
    }

    /** The address of the first listener. */
    InetSocketAddress address() {
        return addresses.get(0);
    }

    /** The addresses of all listeners: those for clients, the one for administration, the one that redirects. */
    List<InetSocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    @Override
    public WeirConfig config() {
        return loaded.config();
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

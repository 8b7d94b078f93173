package dev.weir.backends;

import dev.weir.core.Transport;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All backends and the models they serve, through reloads: {@link #plan} builds what a configuration asks for and can fail;
 * {@link #adopt} puts it in force and cannot. A backend whose spec did not change lives on. Any thread.
 */
public final class Fleet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);
    private static final long LOOKUP_SECONDS = 30;
    private static final long FIRST_LOOKUP_MILLIS = 2_000;

    private final Transport transport;
    private final EventLoopGroup eventLoops;
    private final BackendEvents events;
    private final Map<Backend, BackendWatch> watches = new HashMap<>();
    private final Map<Backend, Map<String, String>> models = new ConcurrentHashMap<>();
    private final ScheduledExecutorService lookups =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("weir-dns", true));
    private final BackendWatch.Models listings = new BackendWatch.Models() {
        @Override
        public void listed(Backend backend) {
            learned(backend);
        }

        @Override
        public List<Target> preloaded(Backend backend) {
            return current.catalog.preloaded(backend);
        }
    };
    private volatile Plan current;

    public Fleet(Transport transport, EventLoopGroup eventLoops, BackendEvents events) {
        this.transport = transport;
        this.eventLoops = eventLoops;
        this.events = events;
        this.current = new Plan(Map.of(), new ModelCatalog(Map.of(), BackendGroup.Settings.DEFAULT, events), false);
        lookups.scheduleWithFixedDelay(this::lookUpAll, LOOKUP_SECONDS, LOOKUP_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * What a configuration asks for, ready to be put in force.
     *
     * @param discover whether models found on backends are offered too
     */
    public record Plan(Map<String, Backend> backends, ModelCatalog catalog, boolean discover) {
        /** The backend called {@code name}. */
        public Backend backend(String name) {
            return required(backends, name);
        }
    }

    /** The plan in force. */
    public Plan current() {
        return current;
    }

    /**
     * Builds backends and groups; changes nothing that runs.
     *
     * @throws IllegalArgumentException if a backend's TLS settings cannot be used, naming it
     */
    public Plan plan(
            List<BackendSpec> backendSpecs,
            List<ModelSpec> modelSpecs,
            BackendGroup.Settings settings,
            boolean discover) {
        Map<String, Backend> backends = new LinkedHashMap<>();
        for (BackendSpec spec : backendSpecs) {
            Backend known = current.backends.get(spec.name());
            backends.put(spec.name(), known != null && known.spec().equals(spec) ? known : create(spec));
        }
        Map<String, BackendGroup> groups = new LinkedHashMap<>();
        for (ModelSpec model : modelSpecs) {
            List<Target> targets = new ArrayList<>();
            for (ModelSpec.TargetSpec target : model.targets()) {
                targets.add(new Target(
                        required(backends, target.backend()), target.model(), target.weight(), model.policy()));
            }
            groups.put(
                    model.name(),
                    new BackendGroup(model.name(), targets, model.metadata(), model.balancing(), settings, events));
        }
        for (ModelSpec model : modelSpecs) {
            required(groups, model.name())
                    .fallBackTo(model.fallbacks().stream()
                            .map(name -> required(groups, name))
                            .toList());
        }
        return new Plan(backends, new ModelCatalog(groups, settings, events), discover);
    }

    private Backend create(BackendSpec spec) {
        try {
            return new Backend(spec, new Connector(transport, spec));
        } catch (SSLException | IllegalArgumentException e) {
            throw new IllegalArgumentException("backend " + spec.name() + ": tls: " + e.getMessage(), e);
        }
    }

    private static <T> T required(Map<String, T> map, String name) {
        T value = map.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no backend or model is called " + name);
        }
        return value;
    }

    /** Puts {@code plan} in force: new backends are looked after, those gone are let go when idle. */
    public synchronized void adopt(Plan plan) {
        Plan before = current;
        lookUpFirst(plan.backends.values());
        for (Backend backend : before.backends.values()) {
            if (!plan.backends.containsValue(backend)) {
                stopWatching(backend);
                backend.retire();
            }
        }
        plan.backends.values().forEach(Backend::restoreWeight);
        current = plan;
        publishModels();
        for (Backend backend : plan.backends.values()) {
            watches.computeIfAbsent(backend, this::watch);
        }
    }

    private BackendWatch watch(Backend backend) {
        BackendWatch watch = new BackendWatch(backend, eventLoops.next(), events, listings);
        watch.start();
        return watch;
    }

    private void stopWatching(Backend backend) {
        BackendWatch watch = watches.remove(backend);
        if (watch != null) {
            watch.stop();
        }
    }

    /** A backend has listed its models. */
    private void learned(Backend backend) {
        Map<String, String> names = backend.knowledge().models();
        Map<String, String> before = models.put(backend, names);
        if (!names.equals(before)) {
            publishModels();
        }
    }

    /** One at a time, so that what was read first is not written last. */
    private void publishModels() {
        synchronized (models) {
            Plan plan = current;
            models.keySet().retainAll(plan.backends.values());
            Map<Backend, Collection<String>> found = new LinkedHashMap<>();
            if (plan.discover) {
                for (Backend backend : plan.backends.values()) {
                    found.put(backend, models.getOrDefault(backend, Map.of()).values());
                }
            }
            plan.catalog.found(found);
        }
    }

    /** Waits a little for names that have never been looked up, so that the first request finds them. */
    private void lookUpFirst(Collection<Backend> backends) {
        CompletableFuture<?>[] pending = backends.stream()
                .filter(backend -> backend.address().get().isUnresolved())
                .map(backend -> CompletableFuture.runAsync(() -> lookUp(backend), lookups))
                .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(pending)
                    .completeOnTimeout(null, FIRST_LOOKUP_MILLIS, TimeUnit.MILLISECONDS)
                    .join();
        } catch (RuntimeException e) {
            LOG.warn("a backend's name could not be looked up", e);
        }
    }

    private void lookUpAll() {
        current.backends.values().forEach(Fleet::lookUp);
    }

    private static void lookUp(Backend backend) {
        try {
            backend.address().refresh();
        } catch (UnknownHostException e) {
            LOG.warn("backend {}: its name cannot be looked up: {}", backend.name(), e.getMessage());
        }
    }

    /** Stops looking after backends and closes idle connections. The event loops stay: they are the caller's. */
    @Override
    public synchronized void close() {
        lookups.shutdownNow();
        List.copyOf(watches.keySet()).forEach(this::stopWatching);
        current.backends.values().forEach(Backend::retire);
    }
}

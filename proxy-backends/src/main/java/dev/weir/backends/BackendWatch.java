package dev.weir.backends;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after one backend: whether it is alive, what it has loaded, and now and then which models it has; also at once
 * when somebody has reason to think that this changed. Never runs inference. Runs on one event loop.
 */
final class BackendWatch {
    private static final Logger LOG = LoggerFactory.getLogger(BackendWatch.class);

    /** Every so many checks the models are listed too. */
    private static final int CHECKS_PER_LISTING = 6;

    /** Between two checks a backend is asked once more what is loaded. */
    private static final int LOOKS_PER_CHECK = 2;

    /** Requests to look at once that come together are answered together, and no more often than this. */
    private static final long REFRESH_MILLIS = 100;

    private final Backend backend;
    private final EventLoop eventLoop;
    private final BackendEvents events;
    private final Models models;
    private final Preloader preloader;
    private final boolean ollama;
    private @Nullable ScheduledFuture<?> next;
    private @Nullable ScheduledFuture<?> refreshing;
    private boolean refreshAgain;
    private int looks;
    private int checks;
    private boolean stopped;

    /** Who cares about the models of a backend. Called on the watch's event loop. */
    interface Models {
        /** The backend has listed its models. */
        void listed(Backend backend);

        /** The targets on it that are to be loaded before anybody asks. */
        List<Target> preloaded(Backend backend);
    }

    BackendWatch(Backend backend, EventLoop eventLoop, BackendEvents events, Models models) {
        this.backend = backend;
        this.eventLoop = eventLoop;
        this.events = events;
        this.models = models;
        this.preloader = new Preloader(backend, eventLoop);
        this.ollama = backend.spec().kind() == BackendSpec.Kind.OLLAMA;
    }

    /** Any thread. */
    void start() {
        backend.refreshedBy(() -> eventLoop.execute(this::refreshSoon));
        eventLoop.execute(this::look);
    }

    /** Any thread. */
    void stop() {
        eventLoop.execute(() -> {
            stopped = true;
            if (next != null) {
                next.cancel(false);
            }
            if (refreshing != null) {
                refreshing.cancel(false);
            }
        });
    }

    private void look() {
        if (looks++ % LOOKS_PER_CHECK == 0) {
            check();
        } else {
            if (ollama && backend.knowledge().latencyMillis() >= 0) {
                askLoaded();
            }
            scheduleNext();
        }
    }

    private void check() {
        long askedNanos = System.nanoTime();
        ask(ollama ? "/api/version" : "/v1/models", result -> checked(result, askedNanos));
    }

    /** Anything but silence and a server error shows life: a backend may well refuse to list its models. */
    private void checked(BackendProbe.Result result, long askedNanos) {
        boolean passed = result.status() > 0 && result.status() < 500;
        if (backend.checked(passed)) {
            LOG.warn("backend {} is {}", backend.name(), passed ? "up again" : "down");
            events.checked(backend, passed);
            checks = 0;
            preloader.startAnew();
        }
        if (passed) {
            long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - askedNanos);
            String version = result.status() == 200 ? Listings.version(result.body()) : "";
            backend.knows(backend.knowledge().withAnswer(version, tookMillis));
            boolean listing = checks++ % CHECKS_PER_LISTING == 0;
            if (ollama) {
                askLoaded();
                if (listing) {
                    askModels();
                }
            } else if (result.status() == 200) {
                listed(result);
            }
        }
        scheduleNext();
    }

    private void scheduleNext() {
        long interval = Math.max(1, backend.spec().health().intervalMillis() / LOOKS_PER_CHECK);
        long jitter = ThreadLocalRandom.current().nextLong(1 + interval / 10);
        next = eventLoop.schedule(this::look, interval + jitter, TimeUnit.MILLISECONDS);
    }

    private void refreshSoon() {
        if (stopped) {
            return;
        }
        if (refreshing != null) {
            refreshAgain = true;
            return;
        }
        askModels();
        if (ollama) {
            askLoaded();
        }
        refreshAgain = false;
        refreshing = eventLoop.schedule(this::refreshed, REFRESH_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void refreshed() {
        refreshing = null;
        if (refreshAgain) {
            refreshSoon();
        }
    }

    private void askModels() {
        ask(ollama ? "/api/tags" : "/v1/models", this::listed);
    }

    private void listed(BackendProbe.Result result) {
        if (result.status() != 200) {
            return;
        }
        Listings.Models found = Listings.models(result.body(), backend.spec().kind());
        if (found == null) {
            LOG.warn("backend {} lists its models in a form that cannot be read", backend.name());
            return;
        }
        backend.knows(backend.knowledge().withModels(found.names(), found.details()));
        backend.hosted().forEach((name, hosted) -> backend.knowledge().tellPresence(name, hosted));
        models.listed(backend);
    }

    private void askLoaded() {
        long askedNanos = backend.now();
        ask("/api/ps", result -> {
            Map<String, BackendKnowledge.Loaded> loaded =
                    result.status() == 200 ? Listings.loaded(result.body()) : null;
            if (loaded != null) {
                tookNote(loaded, askedNanos);
            }
        });
    }

    private void tookNote(Map<String, BackendKnowledge.Loaded> loaded, long askedNanos) {
        backend.knows(backend.knowledge().withLoaded(loaded));
        Map<String, Integer> contextLengths = new HashMap<>();
        loaded.forEach((name, found) -> contextLengths.put(name, found.contextLength()));
        backend.memory().listed(contextLengths, askedNanos);
        preloader.check(models.preloaded(backend));
        // What was loaded meanwhile may serve somebody who waits.
        backend.slotFreed();
    }

    private void ask(String path, Consumer<BackendProbe.Result> onResult) {
        BackendProbe.get(backend, eventLoop, path, backend.spec().health().timeoutMillis(), result -> {
            if (!stopped) {
                onResult.accept(result);
            }
        });
    }
}

package dev.weir.backends;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has one Ollama load models before anybody asks, and again after they were evicted: one at a time, and each at most once a
 * minute. A request without a prompt only loads. Runs on one event loop.
 */
final class Preloader {
    private static final Logger LOG = LoggerFactory.getLogger(Preloader.class);
    private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Backend backend;
    private final EventLoop eventLoop;
    private final Map<String, Long> triedNanos = new HashMap<>();
    private final ArrayDeque<Target> waiting = new ArrayDeque<>();
    private boolean busy;

    Preloader(Backend backend, EventLoop eventLoop) {
        this.backend = backend;
        this.eventLoop = eventLoop;
    }

    /** Looks which of {@code targets}, all on this backend, are not loaded, now that the backend has said what is. */
    void check(List<Target> targets) {
        long now = backend.now();
        triedNanos.values().removeIf(tried -> now - tried > AGAIN_NANOS);
        waiting.clear();
        for (Target target : targets) {
            HostedModel hosted = target.hosted();
            if (hosted.residency() == HostedModel.Residency.COLD
                    && !hosted.isAbsent()
                    && !triedNanos.containsKey(target.model())) {
                waiting.add(target);
            }
        }
        loadNext();
    }

    /** The backend is back: what was tried before counts no more. */
    void startAnew() {
        triedNanos.clear();
    }

    private void loadNext() {
        Target next = busy ? null : waiting.poll();
        if (next != null && backend.isEligible() && next.hosted().beginPreload()) {
            busy = true;
            triedNanos.put(next.model(), backend.now());
            LOG.info("backend {} loads model {} before it is asked for", backend.name(), next.model());
            load(next, "/api/generate", backend.now());
        }
    }

    private void load(Target target, String path, long startNanos) {
        BackendProbe.post(
                backend,
                eventLoop,
                path,
                target.policy().preloadBody(target.model()),
                backend.spec().timeouts().firstByteMillis(),
                result -> {
                    boolean generates = path.equals("/api/generate");
                    if (result.status() == 400 && generates) {
                        // A model that only embeds.
                        load(target, "/api/embed", startNanos);
                    } else {
                        loaded(target, result, startNanos);
                    }
                });
    }

    private void loaded(Target target, BackendProbe.Result result, long startNanos) {
        busy = false;
        boolean done = result.status() == 200;
        if (!done) {
            LOG.warn("backend {} did not load model {}: status {}", backend.name(), target.model(), result.status());
        }
        target.hosted().preloaded(backend.now(), startNanos, done);
        backend.refresh();
        loadNext();
    }
}

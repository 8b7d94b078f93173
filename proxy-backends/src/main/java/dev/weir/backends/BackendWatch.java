package dev.weir.backends;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after one backend: whether it is alive, and now and then which models it has. Never runs inference. Runs on one
 * event loop.
 */
final class BackendWatch {
    private static final Logger LOG = LoggerFactory.getLogger(BackendWatch.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Every so many checks the models are listed too. */
    private static final int CHECKS_PER_LISTING = 6;

    private final Backend backend;
    private final EventLoop eventLoop;
    private final BackendEvents events;
    private final @Nullable BiConsumer<Backend, List<String>> onModels;
    private @Nullable ScheduledFuture<?> next;
    private int checks;
    private boolean stopped;

    /**
     * @param onModels told the models found on the backend, on its event loop; null if nobody asks
     */
    BackendWatch(
            Backend backend,
            EventLoop eventLoop,
            BackendEvents events,
            @Nullable BiConsumer<Backend, List<String>> onModels) {
        this.backend = backend;
        this.eventLoop = eventLoop;
        this.events = events;
        this.onModels = onModels;
    }

    /** Any thread. */
    void start() {
        eventLoop.execute(this::check);
    }

    /** Any thread. */
    void stop() {
        eventLoop.execute(() -> {
            stopped = true;
            if (next != null) {
                next.cancel(false);
            }
        });
    }

    private void check() {
        String path = backend.spec().kind() == BackendSpec.Kind.OLLAMA ? "/api/version" : "/v1/models";
        BackendProbe.get(
                backend, eventLoop, path, backend.spec().health().timeoutMillis(), result -> checked(result.status()));
    }

    /** Anything but silence and a server error shows life: a backend may well refuse to list its models. */
    private void checked(int status) {
        boolean passed = status > 0 && status < 500;
        if (stopped) {
            return;
        }
        if (backend.checked(passed)) {
            LOG.warn("backend {} is {}", backend.name(), passed ? "up again" : "down");
            events.checked(backend, passed);
            checks = 0;
        }
        if (passed && onModels != null && checks++ % CHECKS_PER_LISTING == 0) {
            list();
        }
        scheduleNext();
    }

    private void scheduleNext() {
        long interval = backend.spec().health().intervalMillis();
        long jitter = ThreadLocalRandom.current().nextLong(1 + interval / 10);
        next = eventLoop.schedule(this::check, interval + jitter, TimeUnit.MILLISECONDS);
    }

    private void list() {
        boolean ollama = backend.spec().kind() == BackendSpec.Kind.OLLAMA;
        BackendProbe.get(
                backend,
                eventLoop,
                ollama ? "/api/tags" : "/v1/models",
                backend.spec().health().timeoutMillis(),
                result -> {
                    if (result.status() == 200 && !stopped && onModels != null) {
                        onModels.accept(backend, names(result.body(), ollama));
                    }
                });
    }

    private List<String> names(byte[] json, boolean ollama) {
        List<String> names = new ArrayList<>();
        try {
            JsonNode list = JSON.readTree(json).path(ollama ? "models" : "data");
            for (JsonNode model : list) {
                String name = model.path(ollama ? "name" : "id").asText("");
                if (!name.isEmpty() && name.length() <= 256 && name.chars().noneMatch(Character::isISOControl)) {
                    names.add(name);
                }
            }
        } catch (IOException e) {
            LOG.warn("backend {} lists its models in a form that cannot be read", backend.name());
        }
        return names;
    }
}

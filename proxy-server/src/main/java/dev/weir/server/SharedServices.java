package dev.weir.server;

import dev.weir.core.Meters;
import dev.weir.core.ModelProfiles;
import dev.weir.core.Services;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one gateway lends its middlewares, for as long as it runs. Any thread. */
final class SharedServices implements Services, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedServices.class);

    private final ScheduledExecutorService background;
    private final Path stateDirectory;
    private final Meters meters;
    private final ModelProfiles models;
    private final Map<Class<?>, Object> shared = new HashMap<>();
    private final Deque<AutoCloseable> closeables = new ArrayDeque<>();

    SharedServices(ScheduledExecutorService background, Path stateDirectory, Meters meters, ModelProfiles models) {
        this.background = background;
        this.stateDirectory = stateDirectory;
        this.meters = meters;
        this.models = models;
    }

    @Override
    public ScheduledExecutorService background() {
        return background;
    }

    @Override
    public Path stateDirectory() {
        return stateDirectory;
    }

    @Override
    public Meters meters() {
        return meters;
    }

    @Override
    public ModelProfiles models() {
        return models;
    }

    @Override
    public synchronized <T> T shared(Class<T> type, Supplier<? extends T> maker) {
        Object known = shared.get(type);
        if (known != null) {
            return type.cast(known);
        }
        T made = maker.get();
        shared.put(type, made);
        if (made instanceof AutoCloseable closeable) {
            closeables.push(closeable);
        }
        return made;
    }

    @Override
    public <T> T shared(Class<T> type) {
        return shared(type, () -> {
            throw new IllegalStateException("nobody shares a " + type.getName());
        });
    }

    @Override
    public synchronized <T> @Nullable T find(Class<T> type) {
        return type.cast(shared.get(type));
    }

    @Override
    public synchronized void close() {
        while (!closeables.isEmpty()) {
            AutoCloseable last = closeables.pop();
            try {
                last.close();
            } catch (Exception e) {
                LOG.warn("{} could not be closed", last, e);
            }
        }
    }
}

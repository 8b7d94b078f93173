package dev.weir.pipeline;

import dev.weir.core.Meters;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.Services;
import dev.weir.pipeline.store.Database;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/** What one instance of the gateway lends its middlewares, with a database; {@link #close} ends the instance. Any thread. */
public final class TestServices implements Services, AutoCloseable {
    private final ScheduledExecutorService background = Executors.newScheduledThreadPool(2);
    private final TestMeters meters = new TestMeters();
    private final Path stateDirectory;
    private final Map<Class<?>, Object> shared = new HashMap<>();
    private final Deque<AutoCloseable> closeables = new ArrayDeque<>();

    /** The caller closes {@code database}, after this. */
    public TestServices(Database database, Path stateDirectory) {
        this.stateDirectory = stateDirectory;
        shared.put(Database.class, database);
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
        return ModelProfile::unwritten;
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
    public synchronized void close() {
        try {
            while (!closeables.isEmpty()) {
                closeables.pop().close();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            background.shutdownNow();
        }
    }
}

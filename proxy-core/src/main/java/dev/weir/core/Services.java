package dev.weir.core;

import java.nio.file.Path;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the server lends its middlewares. Any thread. */
public interface Services {
    /** For work that may block, bounded; never for a request's own path without {@link Verdict#await}. */
    ScheduledExecutorService background();

    /** Where relative paths of the configuration begin. */
    Path stateDirectory();

    /** Where to count what operators should see. */
    Meters meters();

    /** What the configuration says about models: always the one in force. */
    ModelProfiles models();

    /**
     * The one {@code T} of this process: for what must outlive a reload, which makes middlewares anew. The first who asks
     * has it made; it is closed with the gateway if it is {@link AutoCloseable}, last made first.
     */
    <T> T shared(Class<T> type, Supplier<? extends T> maker);

    /**
     * What the server, or somebody else, shares already: the database for instance.
     *
     * @throws IllegalStateException if there is no such thing
     */
    <T> T shared(Class<T> type);

    /** What is shared already, or null: Redis for instance, which is there only when the configuration names one. */
    default <T> @Nullable T find(Class<T> type) {
        return null;
    }
}

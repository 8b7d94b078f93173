package dev.weir.backends;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The idle connections of one backend on one event loop, newest first, so that spare ones grow old and are closed. Only
 * connections that are provably clean come in. Runs on that event loop, but for {@link #size}.
 */
final class ConnectionPool {
    private final BackendSpec.Pool settings;
    private final ArrayDeque<BackendConnection> idle = new ArrayDeque<>();
    private volatile int size;

    ConnectionPool(BackendSpec.Pool settings) {
        this.settings = settings;
    }

    /** The newest idle connection that can be sent a request, or null. */
    @Nullable
    BackendConnection takeUsable() {
        BackendConnection newest = take();
        while (newest != null && !newest.isUsable()) {
            newest.close();
            newest = take();
        }
        return newest;
    }

    private @Nullable BackendConnection take() {
        BackendConnection newest = idle.pollFirst();
        size = idle.size();
        return newest;
    }

    /** Keeps {@code connection} if there is room; else the caller closes it. */
    boolean keep(BackendConnection connection) {
        if (idle.size() >= settings.maxIdlePerLoop()) {
            return false;
        }
        idle.addFirst(connection);
        size = idle.size();
        return true;
    }

    /** Forgets a connection that closed while idle. */
    void remove(BackendConnection connection) {
        idle.remove(connection);
        size = idle.size();
    }

    /** Closes all. */
    void close() {
        for (BackendConnection connection = take(); connection != null; connection = take()) {
            connection.close();
        }
    }

    /** How many are idle; any thread. */
    int size() {
        return size;
    }
}

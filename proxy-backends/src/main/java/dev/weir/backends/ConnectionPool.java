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
    private boolean closed;

    ConnectionPool(BackendSpec.Pool settings) {
        this.settings = settings;
    }

    /** The newest idle connection, or null. */
    @Nullable
    BackendConnection take() {
        BackendConnection newest = idle.pollFirst();
        size = idle.size();
        return newest;
    }

    /** Keeps {@code connection} if there is room; else the caller closes it. */
    boolean keep(BackendConnection connection) {
        if (closed || idle.size() >= settings.maxIdlePerLoop()) {
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

    /** Closes all, and keeps none from now on. */
    void close() {
        closed = true;
        for (BackendConnection connection = take(); connection != null; connection = take()) {
            connection.close();
        }
    }

    /** How many are idle; any thread. */
    int size() {
        return size;
    }
}

package dev.weir.pipeline.auth;

import dev.weir.pipeline.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for PostgreSQL's announcements that keys changed, on a connection and a thread of its own. It makes changes known
 * sooner and nothing else: behind a pooler that gives each transaction another session, nothing is ever heard, and polling
 * finds what changed.
 */
final class KeyNotices implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KeyNotices.class);
    private static final int LISTEN_MILLIS = 10_000;
    private static final long RETRY_MILLIS = 5_000;

    private final Database database;
    private final Runnable onNews;
    private final Thread thread;
    private final Semaphore end = new Semaphore(0);
    private volatile boolean closed;
    private volatile @Nullable Connection listening;

    KeyNotices(Database database, Runnable onNews) {
        this.database = database;
        this.onNews = onNews;
        thread = new Thread(this::run, "weir-key-notices");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                if (database.isUp()) {
                    listen();
                }
                if (end.tryAcquire(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void listen() {
        try (Connection connection = database.connect()) {
            listening = connection;
            try (Statement statement = connection.createStatement()) {
                statement.execute("LISTEN " + ApiKeys.CHANNEL);
            }
            PGConnection notified = connection.unwrap(PGConnection.class);
            // What was announced before is in what is read now.
            onNews.run();
            while (!closed) {
                PGNotification[] notices = notified.getNotifications(LISTEN_MILLIS);
                if (notices != null && notices.length > 0) {
                    onNews.run();
                } else if (!connection.isValid(LISTEN_MILLIS / 1_000)) {
                    return;
                }
            }
        } catch (SQLException e) {
            LOG.debug("changes of keys are not heard of, only polled: {}", e.getMessage());
        }
    }

    /** Cuts the connection that the thread sits in. */
    @Override
    public void close() {
        closed = true;
        end.release();
        Connection connection = listening;
        if (connection != null) {
            try {
                connection.abort(Runnable::run);
            } catch (SQLException e) {
                LOG.debug("not cut: {}", e.getMessage());
            }
        }
    }
}

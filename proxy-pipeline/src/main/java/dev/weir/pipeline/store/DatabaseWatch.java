package dev.weir.pipeline.store;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries to bring a database up, again and again with longer pauses, until it is. Any thread. */
final class DatabaseWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseWatch.class);
    private static final long FIRST_PAUSE_MILLIS = 250;
    private static final long MAX_PAUSE_MILLIS = 5_000;
    private static final long START_MILLIS = 2_000;

    private final Attempt attempt;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("weir-database-watch", true));

    /** One try; throws if it failed. */
    @FunctionalInterface
    interface Attempt {
        void run() throws SQLException;
    }

    DatabaseWatch(Attempt attempt) {
        this.attempt = attempt;
    }

    /** Begins to try, and waits a little for the first one to end. */
    void start() {
        CountDownLatch tried = new CountDownLatch(1);
        thread.execute(() -> {
            attempt(FIRST_PAUSE_MILLIS);
            tried.countDown();
        });
        try {
            if (!tried.await(START_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("the database has not answered yet");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void attempt(long pauseMillis) {
        try {
            attempt.run();
        } catch (SQLException | RuntimeException e) {
            if (pauseMillis == FIRST_PAUSE_MILLIS) {
                LOG.warn("the database cannot be used yet, trying on: {}", e.getMessage());
            }
            thread.schedule(
                    () -> attempt(Math.min(MAX_PAUSE_MILLIS, 2 * pauseMillis)), pauseMillis, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}

package dev.weir.pipeline.store;

import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Looks after a database on a thread of its own: brings it up, again and again with longer pauses until it is, and then looks
 * now and then whether it still answers. The pauses begin small again only once it stayed up for a while, so that one that
 * comes and goes is not tried, and not logged, without end.
 */
final class DatabaseWatch implements AutoCloseable {
    private static final long FIRST_PAUSE_MILLIS = 250;
    private static final long MAX_PAUSE_MILLIS = 5_000;
    private static final long LOOK_MILLIS = 5_000;

    private final Task bringUp;
    private final Task look;
    private final CountDownLatch tried = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Semaphore found = new Semaphore(0);
    private final Thread thread;

    /** What is tried; tells the world itself about what it finds. */
    @FunctionalInterface
    interface Task {
        void run() throws SQLException;
    }

    DatabaseWatch(Task bringUp, Task look) {
        this.bringUp = bringUp;
        this.look = look;
        thread = new Thread(this::run, "weir-database-watch");
        thread.setDaemon(true);
    }

    /** Begins. */
    void start() {
        thread.start();
    }

    /** Waits so long for the first try to end. */
    void awaitTried(long waitMillis) {
        try {
            tried.await(waitMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Somebody found it away. */
    void wake() {
        found.release();
    }

    private void run() {
        long pauseMillis = FIRST_PAUSE_MILLIS;
        boolean up = false;
        try {
            while (closed.getCount() > 0) {
                if (up) {
                    up = succeeds(look);
                    pauseMillis = FIRST_PAUSE_MILLIS;
                } else {
                    up = succeeds(bringUp);
                }
                tried.countDown();
                if (found.tryAcquire(up ? LOOK_MILLIS : pauseMillis, TimeUnit.MILLISECONDS)) {
                    found.drainPermits();
                    up = false;
                    if (closed.await(pauseMillis, TimeUnit.MILLISECONDS)) {
                        return;
                    }
                }
                if (!up) {
                    pauseMillis = Math.min(MAX_PAUSE_MILLIS, 2 * pauseMillis);
                }
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean succeeds(Task task) {
        try {
            task.run();
            return true;
        } catch (SQLException | RuntimeException told) {
            return false;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        thread.interrupt();
    }
}

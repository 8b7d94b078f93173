package dev.weir.pipeline.store;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Has something done with the database time and again, on its threads. A turn that comes while the last run is still under way
 * is skipped: behind a locked table or a slow link, runs must not pile up on threads that all others need too.
 */
public final class Repeated implements AutoCloseable {
    private final Database database;
    private final Runnable task;
    private final ScheduledFuture<?> turns;

    /** Used by one turn at a time. */
    private CompletableFuture<?> last = CompletableFuture.completedFuture(true);

    /** Runs {@code task}, which may block, after each {@code periodMillis} until this is closed. */
    public Repeated(ScheduledExecutorService timer, long periodMillis, Database database, Runnable task) {
        this.database = database;
        this.task = task;
        turns = timer.scheduleWithFixedDelay(this::turn, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
    }

    private void turn() {
        if (last.isDone()) {
            last = database.later(() -> {
                task.run();
                return true;
            });
        }
    }

    /** No run begins any more; one that is under way goes on. */
    @Override
    public void close() {
        turns.cancel(false);
    }
}

package dev.weir.pipeline.store;

import dev.weir.pipeline.store.DatabaseSource.Trouble;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SQL database, a SQLite file or PostgreSQL, with its tables in order. It may be away, at start too: then every work is
 * refused at once, and a thread of its own tries to come back. Any thread; nothing here is for an event loop but
 * {@link #readLater}, {@link #writeLater}, {@link #later} and what tells its state.
 *
 * <pre>
 *   AWAY ──connected, tables migrated──▶ UP ──a connection failed──▶ AWAY
 * </pre>
 */
public final class Database implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final int MAX_WAITING = 1_000;
    private static final int MAX_WORKERS = 8;
    private static final long START_MILLIS = 2_000;
    private static final long CLOSE_MILLIS = 5_000;

    private final Settings settings;
    private final DatabaseSource source;
    private final DatabasePools pools;
    private final ThreadPoolExecutor workers;
    private final DatabaseWatch watch;
    private final List<Runnable> onUp = new CopyOnWriteArrayList<>();
    private volatile boolean up;
    private volatile @Nullable String trouble = "it has not answered yet";

    /** Whether the log knows that it is away: once is enough. Guarded by this. */
    private boolean awayTold;

    /**
     * Where the database is.
     *
     * @param url {@code sqlite:FILE} or {@code postgresql://user:password@host:port/database?parameters}
     * @param directory where a relative FILE begins
     */
    public record Settings(
            String url, Path directory, int poolSize, long poolTimeoutMillis, long statementTimeoutMillis) {
        /** Without the password. */
        @Override
        public String toString() {
            return "Database.Settings[poolSize=" + poolSize + "]";
        }
    }

    /** The databases that are known. */
    public enum Kind {
        SQLITE,
        POSTGRESQL
    }

    /** Something done in one transaction. Neither commits nor rolls back itself. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    /** How many connections there are, and how many threads wait for one. */
    public record PoolState(int active, int idle, int waiting) {}

    private Database(Settings settings) {
        this.settings = settings;
        this.source = DatabaseSource.of(settings);
        this.pools = new DatabasePools(source, settings);
        int threads = Math.min(settings.poolSize(), MAX_WORKERS);
        this.workers = new ThreadPoolExecutor(
                threads,
                threads,
                30,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                new DefaultThreadFactory("weir-database", true));
        workers.allowCoreThreadTimeOut(true);
        this.watch = new DatabaseWatch(this::comeUp, this::look);
    }

    /**
     * Opens what {@code settings} name, if it is there: after a short while at most this returns, and goes on trying.
     *
     * @throws IllegalArgumentException if the URL makes no sense
     */
    public static Database open(Settings settings) {
        return open(settings, START_MILLIS);
    }

    /** As {@link #open(Settings)}, waiting so long for the first try to end: for those that can do nothing without it. */
    public static Database open(Settings settings, long waitMillis) {
        Database database = begin(settings);
        database.watch.awaitTried(waitMillis);
        return database;
    }

    /** As {@link #open(Settings)}, for those who have something to do before they call {@link #awaitTried}. */
    public static Database begin(Settings settings) {
        Database database = new Database(settings);
        database.watch.start();
        return database;
    }

    /** Waits for the first try to end, but no longer than {@link #open(Settings)} does. */
    public void awaitTried() {
        watch.awaitTried(START_MILLIS);
    }

    /**
     * Looks whether the URL makes sense, and at nothing else.
     *
     * @throws IllegalArgumentException if it does not; the message begins with {@code database.url}
     */
    public static void check(Settings settings) {
        DatabaseSource.of(settings);
    }

    public Kind kind() {
        return source.kind();
    }

    /** Whether it answered last time, with all tables in place. */
    public boolean isUp() {
        return up;
    }

    /** What is wrong with it now, in words for the operator: why it is away, or cannot be written; null if nothing is. */
    public @Nullable String trouble() {
        return trouble;
    }

    /** Connections to write with, and those to read with where they are others. */
    public PoolState pool() {
        return pools.state();
    }

    /** Has {@code task} run, on a thread that may block, each time the database comes up from now on. */
    public void whenUp(Runnable task) {
        onUp.add(task);
    }

    /**
     * Reads in one transaction. Blocks.
     *
     * @throws DatabaseAwayException if it is away, or too slow
     * @throws SQLException if the work itself is refused
     */
    public <T> T read(Work<T> work) throws DatabaseAwayException, SQLException {
        return run(false, settings.statementTimeoutMillis(), work);
    }

    /**
     * Reads as {@link #read} does, but with a time limit of its own: for what goes through much of a table. SQLite counts
     * the time of the whole transaction, PostgreSQL that of each statement.
     */
    public <T> T scan(long timeoutMillis, Work<T> work) throws DatabaseAwayException, SQLException {
        return run(false, timeoutMillis, work);
    }

    /** Writes in one transaction: all of it or nothing. Blocks; throws as {@link #read}. */
    public <T> T write(Work<T> work) throws DatabaseAwayException, SQLException {
        return run(true, settings.statementTimeoutMillis(), work);
    }

    /**
     * A connection outside of the pool, for who listens on it; the caller closes it.
     *
     * @throws SQLException if the database does not answer
     */
    public Connection connect() throws SQLException {
        return source.writers().getConnection();
    }

    /** {@link #read} on another thread. Fails with what it throws, also when too many wait. */
    public <T> CompletableFuture<T> readLater(Work<T> work) {
        return later(() -> read(work));
    }

    /** {@link #write} on another thread. Fails with what it throws, also when too many wait. */
    public <T> CompletableFuture<T> writeLater(Work<T> work) {
        return later(() -> write(work));
    }

    /** Has {@code task}, which may use this database, run on a thread that may block. Fails as {@link #readLater}. */
    public <T> CompletableFuture<T> later(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            workers.execute(() -> {
                try {
                    result.complete(task.call());
                } catch (Exception e) {
                    result.completeExceptionally(e);
                } catch (Error e) {
                    result.completeExceptionally(e);
                    throw e;
                }
            });
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new DatabaseAwayException("too many wait for the database", e));
        }
        return result;
    }

    private <T> T run(boolean write, long timeoutMillis, Work<T> work) throws DatabaseAwayException, SQLException {
        if (!up) {
            throw new DatabaseAwayException("the database is away");
        }
        try (Connection connection = pools.take(write)) {
            T result;
            try {
                source.begin(connection, write, timeoutMillis);
                result = work.run(connection);
                source.commit(connection);
            } catch (SQLException | RuntimeException e) {
                rollback(connection, e);
                throw e;
            }
            if (write) {
                written();
            }
            return result;
        } catch (SQLException e) {
            throw refused(e, write);
        }
    }

    private void rollback(Connection connection, Exception failure) {
        try {
            source.rollback(connection);
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    /** What a failure is to the caller: {@code failure} itself, thrown, if the work is at fault. */
    private DatabaseAwayException refused(SQLException failure, boolean write) throws SQLException {
        // The pool is exhausted by others, not for want of an answer.
        boolean crowded = failure instanceof SQLTransientConnectionException && failure.getCause() == null;
        SQLException cause = failure.getCause() instanceof SQLException inner ? inner : failure;
        switch (crowded ? Trouble.SLOW : source.troubleOf(cause)) {
            case OF_THE_WORK -> throw failure;
            case SLOW -> {
                return new DatabaseAwayException("the database is too slow: " + failure.getMessage(), failure);
            }
            case UNWRITABLE -> {
                if (write) {
                    unwritable(cause);
                    return new DatabaseAwayException("the database cannot be written: " + cause.getMessage(), failure);
                }
            }
            case AWAY -> {
                goneAway(cause);
                return new DatabaseAwayException("the database is away: " + cause.getMessage(), failure);
            }
        }
        throw failure;
    }

    private void comeUp() throws SQLException {
        try {
            source.prepare();
            try (Connection connection = source.writers().getConnection()) {
                source.probe(connection);
            }
            Migrations.run(source);
        } catch (SQLException | RuntimeException e) {
            stillAway(e instanceof SQLException failure ? source.explain(failure) : e.toString());
            throw e;
        }
        synchronized (this) {
            up = true;
            awayTold = false;
            trouble = null;
            LOG.info("database {} is up", source);
        }
        for (Runnable task : onUp) {
            later(() -> {
                task.run();
                return true;
            });
        }
    }

    /** A small question, so that its state is known although nobody uses it. */
    private void look() throws SQLException {
        try {
            read(connection -> {
                DatabaseSource.execute(connection, "SELECT 1 FROM weir_schema_history");
                return true;
            });
        } catch (DatabaseAwayException e) {
            if (!up) {
                throw new SQLException(e);
            }
        }
    }

    private synchronized void stillAway(String reason) {
        trouble = reason;
        if (!awayTold) {
            awayTold = true;
            LOG.warn("database {} cannot be used, trying on: {}", source, reason);
        }
    }

    private synchronized void goneAway(SQLException failure) {
        if (up) {
            up = false;
            awayTold = true;
            trouble = source.explain(failure);
            LOG.warn("database {} is away: {}", source, trouble);
            pools.evict();
            watch.wake();
        }
    }

    private synchronized void unwritable(SQLException failure) {
        if (trouble == null) {
            trouble = "it cannot be written: " + source.explain(failure);
            LOG.error("database {} can be read, but {}", source, trouble);
        }
        // After a failover, new connections may lead to a server that can be written.
        pools.evict();
    }

    private void written() {
        if (trouble != null) {
            synchronized (this) {
                if (up && trouble != null) {
                    trouble = null;
                    LOG.info("database {} can be written again", source);
                }
            }
        }
    }

    /** Lets what waits in the queue be done, for a while, and closes all connections. */
    @Override
    public void close() {
        watch.close();
        workers.shutdown();
        try {
            if (!workers.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn(
                        "{} pieces of work for the database were dropped at the end",
                        workers.shutdownNow().size());
            }
        } catch (InterruptedException e) {
            workers.shutdownNow();
            Thread.currentThread().interrupt();
        }
        pools.close();
    }
}

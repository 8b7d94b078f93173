package dev.weir.pipeline.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The SQL database, a SQLite file or PostgreSQL, with its tables in order. It may be away, at start too: then every work is
 * refused at once, and a thread of its own tries to come back. Any thread; nothing here is for an event loop but
 * {@link #readLater}, {@link #writeLater} and {@link #isUp}.
 *
 * <pre>
 *   AWAY ──connected, tables migrated──▶ UP ──a connection failed──▶ AWAY
 * </pre>
 */
public final class Database implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final int MAX_WAITING = 1_000;

    private final DatabaseSource source;
    private final HikariDataSource readers;
    private final HikariDataSource writers;
    private final ThreadPoolExecutor workers;
    private final DatabaseWatch watch;
    private final List<Runnable> onUp = new CopyOnWriteArrayList<>();
    private volatile boolean up;

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

    /** Something done in one transaction. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    private Database(Settings settings) {
        this.source = DatabaseSource.of(settings);
        this.writers = new HikariDataSource(pool(settings, source.kind() == Kind.SQLITE ? 1 : settings.poolSize()));
        this.readers = source.kind() == Kind.SQLITE
                ? new HikariDataSource(pool(settings, Math.min(4, settings.poolSize())))
                : writers;
        int threads = Math.min(settings.poolSize(), 8);
        this.workers = new ThreadPoolExecutor(
                threads,
                threads,
                30,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                new DefaultThreadFactory("weir-database", true));
        workers.allowCoreThreadTimeOut(true);
        this.watch = new DatabaseWatch(this::comeUp);
    }

    /**
     * Opens what {@code settings} name, if it is there: after a short while at most this returns, and goes on trying.
     *
     * @throws IllegalArgumentException if the URL makes no sense
     */
    public static Database open(Settings settings) {
        Database database = new Database(settings);
        database.watch.start();
        return database;
    }

    private HikariConfig pool(Settings settings, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("weir-" + source.kind());
        config.setDataSource(source.dataSource());
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(settings.poolTimeoutMillis());
        config.setInitializationFailTimeout(-1);
        config.setAutoCommit(false);
        return config;
    }

    public Kind kind() {
        return source.kind();
    }

    /** Whether it answered last time, with all tables in place. */
    public boolean isUp() {
        return up;
    }

    /** Has {@code task} run, on a thread that may block, each time the database comes up; at once if it is. */
    public void whenUp(Runnable task) {
        onUp.add(task);
        if (up) {
            workers.execute(task);
        }
    }

    /**
     * Reads in one transaction. Blocks.
     *
     * @throws DatabaseAwayException if it is away
     * @throws SQLException if the work itself is refused
     */
    public <T> T read(Work<T> work) throws DatabaseAwayException, SQLException {
        return run(readers, work);
    }

    /** Writes in one transaction: all of it or nothing. Blocks; throws as {@link #read}. */
    public <T> T write(Work<T> work) throws DatabaseAwayException, SQLException {
        return run(writers, work);
    }

    /** {@link #read} on another thread. Fails with what it throws, also when too many wait. */
    public <T> CompletableFuture<T> readLater(Work<T> work) {
        return later(readers, work);
    }

    /** {@link #write} on another thread. Fails with what it throws, also when too many wait. */
    public <T> CompletableFuture<T> writeLater(Work<T> work) {
        return later(writers, work);
    }

    private <T> CompletableFuture<T> later(HikariDataSource pool, Work<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            workers.execute(() -> {
                try {
                    result.complete(run(pool, work));
                } catch (DatabaseAwayException | SQLException | RuntimeException e) {
                    result.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new DatabaseAwayException("too many wait for the database", e));
        }
        return result;
    }

    private <T> T run(HikariDataSource pool, Work<T> work) throws DatabaseAwayException, SQLException {
        if (!up) {
            throw new DatabaseAwayException("the database is away");
        }
        try (Connection connection = pool.getConnection()) {
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                rollback(connection, e);
                throw e;
            }
        } catch (SQLException e) {
            if (source.isAway(e)) {
                goneAway(e);
                throw new DatabaseAwayException("the database is away: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    private static void rollback(Connection connection, Exception failure) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    private void comeUp() throws SQLException {
        try (Connection connection = writers.getConnection()) {
            connection.rollback();
        }
        Migrations.run(source);
        up = true;
        LOG.info("database {} is up", source);
        onUp.forEach(workers::execute);
    }

    private synchronized void goneAway(SQLException failure) {
        if (up) {
            up = false;
            LOG.warn("database {} is away: {}", source, failure.getMessage());
            watch.start();
        }
    }

    @Override
    public void close() {
        watch.close();
        workers.shutdown();
        try {
            if (!workers.awaitTermination(5, TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException e) {
            workers.shutdownNow();
            Thread.currentThread().interrupt();
        }
        readers.close();
        writers.close();
    }
}

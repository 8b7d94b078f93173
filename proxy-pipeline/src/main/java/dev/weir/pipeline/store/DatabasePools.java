package dev.weir.pipeline.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;

/** The open connections to the database: those to write with and, where they are others, those to read with. Any thread. */
final class DatabasePools implements AutoCloseable {
    private static final int MAX_READERS = 4;
    private static final long MIN_TIMEOUT_MILLIS = 250;

    private final HikariDataSource writers;
    private final HikariDataSource readers;
    private final List<HikariDataSource> all;

    /** Opens none yet. */
    DatabasePools(DatabaseSource source, Database.Settings settings) {
        int size = settings.poolSize();
        long timeoutMillis = settings.poolTimeoutMillis();
        writers = pool("weir", source.writers(), source.writersAtMost(size), timeoutMillis);
        if (source.writers() == source.readers()) {
            readers = writers;
            all = List.of(writers);
        } else {
            readers = pool("weir-readers", source.readers(), Math.min(MAX_READERS, size), timeoutMillis);
            all = List.of(readers, writers);
        }
    }

    private static HikariDataSource pool(String name, DataSource connections, int size, long timeoutMillis) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(connections);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(Math.max(MIN_TIMEOUT_MILLIS, timeoutMillis));
        config.setValidationTimeout(Math.max(MIN_TIMEOUT_MILLIS, timeoutMillis / 2));
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }

    /** One that is free; closing it gives it back. Blocks, for no longer than the pool's time limit. */
    Connection take(boolean write) throws SQLException {
        return (write ? writers : readers).getConnection();
    }

    /** Of all together. */
    Database.PoolState state() {
        int active = 0;
        int idle = 0;
        int waiting = 0;
        for (HikariDataSource pool : all) {
            var bean = pool.getHikariPoolMXBean();
            if (bean != null) {
                active += bean.getActiveConnections();
                idle += bean.getIdleConnections();
                waiting += bean.getThreadsAwaitingConnection();
            }
        }
        return new Database.PoolState(active, idle, waiting);
    }

    /** Has every connection closed as soon as it is free: the next ones are new. */
    void evict() {
        for (HikariDataSource pool : all) {
            var bean = pool.getHikariPoolMXBean();
            if (bean != null) {
                bean.softEvictConnections();
            }
        }
    }

    @Override
    public void close() {
        all.forEach(HikariDataSource::close);
    }
}

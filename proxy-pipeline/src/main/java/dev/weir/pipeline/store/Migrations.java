package dev.weir.pipeline.store;

import dev.weir.pipeline.store.Database.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Locale;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Brings the tables to what this version needs: the numbered scripts beside this class, each once. Several instances at once
 * take turns: by an advisory lock of PostgreSQL, which holds for a transaction, or by a lock on a file beside SQLite's.
 */
final class Migrations {
    private Migrations() {}

    /** Runs what has not run yet. Tables of a newer version are left as they are. */
    static void run(DatabaseSource source) throws SQLException {
        if (source instanceof SqliteSource sqlite) {
            inTurn(sqlite);
        } else {
            migrate(source);
        }
    }

    /** One at a time in this process, and one process at a time. */
    private static synchronized void inTurn(SqliteSource source) throws SQLException {
        Path lockFile = source.file().resolveSibling(source.file().getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (lock.isValid()) {
                migrate(source);
            }
        } catch (IOException e) {
            throw new SQLException(lockFile + " cannot be locked: " + e, e);
        }
    }

    private static void migrate(DatabaseSource source) throws SQLException {
        Kind kind = source.kind();
        try {
            Flyway.configure(Migrations.class.getClassLoader())
                    .dataSource(source.migrations())
                    .locations(
                            "classpath:dev/weir/pipeline/store/" + kind.name().toLowerCase(Locale.ROOT))
                    .table("weir_schema_history")
                    .baselineOnMigrate(true)
                    .baselineVersion("0")
                    .load()
                    .migrate();
        } catch (FlywayException e) {
            throw new SQLException("the tables cannot be brought up to date: " + e.getMessage(), e);
        }
    }
}

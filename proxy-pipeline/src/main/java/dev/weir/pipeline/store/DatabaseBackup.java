package dev.weir.pipeline.store;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.SortedMap;

/**
 * Copies a whole database to a file and back, while it is in use. A copy shows one moment; a restore happens as a whole or not
 * at all. For commands: blocks, and confined to one thread.
 */
public sealed interface DatabaseBackup permits SqliteBackup, PostgresBackup {

    /**
     * For the database of these settings, whose pools are not used.
     *
     * @throws IllegalArgumentException if the URL makes no sense
     */
    static DatabaseBackup of(Database.Settings settings) {
        DatabaseSource source = DatabaseSource.of(settings);
        return source instanceof PostgresSource postgres
                ? new PostgresBackup(postgres)
                : new SqliteBackup((SqliteSource) source);
    }

    /** Which kind of database it is; a copy fits no other. */
    Database.Kind kind();

    /**
     * Writes a copy to {@code file}, which must not exist, for its owner's eyes only.
     *
     * @return how many rows each table has in the copy
     * @throws IOException if the copy cannot be made; the message says why and what to do
     */
    SortedMap<String, Long> save(Path file) throws IOException, SQLException;

    /**
     * Makes the database what it was when {@code file} was saved.
     *
     * @throws IOException if the copy cannot be read or taken over: the database is as it was before
     */
    void restore(Path file) throws IOException, SQLException;

    /** How many rows each table has now. */
    SortedMap<String, Long> rows() throws SQLException;
}

package dev.weir.pipeline.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConnection;
import org.sqlite.core.DB;

/**
 * A SQLite file's copies, another SQLite file each. Made by SQLite itself: {@code VACUUM INTO} to save, its online backup to
 * restore, so that writers in other processes are neither stopped nor seen half done.
 */
final class SqliteBackup implements DatabaseBackup {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteBackup.class);
    private static final String TABLES =
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";

    private static final int BUSY_MILLIS = 200;
    private static final int ATTEMPTS = 50;
    private static final int PAGES_AT_ONCE = 1_000;

    private final SqliteSource source;

    SqliteBackup(SqliteSource source) {
        this.source = source;
    }

    @Override
    public Database.Kind kind() {
        return Database.Kind.SQLITE;
    }

    @Override
    public SortedMap<String, Long> save(Path file) throws IOException, SQLException {
        if (!Files.exists(source.file())) {
            throw new IOException(
                    "there is no database at " + source.file() + " (a gateway makes it at its first start)");
        }
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (Connection connection = source.readers().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("VACUUM INTO '" + quoted(file) + "'");
        }
        return check(file);
    }

    @Override
    public void restore(Path file) throws IOException, SQLException {
        check(file);
        Path directory = Files.createDirectories(source.file().getParent());
        boolean isNew = !Files.exists(source.file());
        try (Connection connection = source.writers().getConnection()) {
            endLog(connection);
            DB database = connection.unwrap(SQLiteConnection.class).getDatabase();
            int result = database.restore("main", file.toString(), null, BUSY_MILLIS, ATTEMPTS, PAGES_AT_ONCE);
            if (result != 0) {
                throw new IOException("SQLite could not restore " + source.file() + " (its code " + result
                        + "): end what uses the database, and try again");
            }
        }
        if (isNew) {
            // Made by root, it would be nobody's who runs the gateway.
            Files.setOwner(source.file(), Files.getOwner(directory));
            Files.setPosixFilePermissions(source.file(), PosixFilePermissions.fromString("rw-------"));
        }
    }

    /**
     * A file with a write-ahead log takes no pages of another size than its own. If the log cannot be ended, because somebody uses
     * the file or it is damaged, the restoring itself shows whether that matters. Who opens it next begins a log again.
     */
    private static void endLog(Connection connection) {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = DELETE");
        } catch (SQLException e) {
            LOG.debug("the write-ahead log stays", e);
        }
    }

    @Override
    public SortedMap<String, Long> rows() throws SQLException {
        try (Connection connection = source.readers().getConnection()) {
            return TableCounts.of(connection, TABLES);
        }
    }

    /** Proves that {@code file} is a whole database, and counts its rows. */
    private static SortedMap<String, Long> check(Path file) throws IOException, SQLException {
        try (Connection copy = DriverManager.getConnection("jdbc:sqlite:file:" + quoted(file) + "?mode=ro");
                Statement statement = copy.createStatement();
                ResultSet result = statement.executeQuery("PRAGMA integrity_check")) {
            String first = result.next() ? result.getString(1) : "no answer";
            if (!first.equals("ok")) {
                throw new IOException(file + " is damaged: " + first);
            }
            return TableCounts.of(copy, TABLES);
        }
    }

    private static String quoted(Path file) {
        return file.toAbsolutePath().toString().replace("'", "''");
    }
}

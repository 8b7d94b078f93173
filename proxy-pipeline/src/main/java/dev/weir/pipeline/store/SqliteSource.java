package dev.weir.pipeline.store;

import dev.weir.pipeline.store.Database.Kind;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;

/**
 * A SQLite file. Its journal is a write-ahead log, so readers never wait for the one writer; a transaction that writes says so
 * at once ({@code BEGIN IMMEDIATE}), because one that began by reading could be refused when it writes. What was committed
 * survives the end of the process, and at worst the last moments are lost when the machine dies ({@code synchronous=NORMAL}).
 */
final class SqliteSource implements DatabaseSource {
    static final String SCHEME = "sqlite:";

    /** Instructions of SQLite's virtual machine between two looks at the clock: below a millisecond. */
    private static final int STEPS_PER_LOOK = 10_000;

    /**
     * Four times SQLite's default: most of what is written are pages of the audit, half a megabyte at a time, and of each page of
     * the file SQLite makes three system calls.
     */
    private static final int PAGE_BYTES = 16 * 1024;

    private static final int PRIMARY_CODE = 0xff;
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final SQLiteDataSource writers;
    private final SQLiteDataSource readers;
    private volatile boolean damaged;

    SqliteSource(Database.Settings settings) {
        String name = settings.url().substring(SCHEME.length());
        if (name.isBlank() || name.startsWith("//")) {
            throw new IllegalArgumentException("database.url: " + settings.url() + " (expected: sqlite:FILE)");
        }
        file = settings.directory().resolve(name).toAbsolutePath().normalize();
        writers = source(settings, SQLiteConfig.TransactionMode.IMMEDIATE);
        readers = source(settings, SQLiteConfig.TransactionMode.DEFERRED);
    }

    private SQLiteDataSource source(Database.Settings settings, SQLiteConfig.TransactionMode mode) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
        config.setTransactionMode(mode);
        config.setBusyTimeout((int) Math.min(Integer.MAX_VALUE, settings.statementTimeoutMillis()));
        config.enforceForeignKeys(true);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        return source;
    }

    @Override
    public Kind kind() {
        return Kind.SQLITE;
    }

    @Override
    public DataSource writers() {
        return writers;
    }

    @Override
    public DataSource readers() {
        return readers;
    }

    @Override
    public DataSource migrations() {
        return readers;
    }

    @Override
    public int writersAtMost(int poolSize) {
        return 1;
    }

    Path file() {
        return file;
    }

    /** The file is for nobody else's eyes: it may hold what users asked. */
    @Override
    public void prepare() throws SQLException {
        if (!Files.isRegularFile(file)) {
            create();
        }
        if (file.toFile().length() == 0) {
            format();
        }
    }

    private void create() throws SQLException {
        try {
            Path parent = file.getParent();
            if (parent != null && !Files.isDirectory(parent)) {
                Files.createDirectories(parent);
            }
            if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
                Files.createFile(file, OWNER_ONLY);
            }
        } catch (IOException e) {
            if (!Files.isRegularFile(file)) {
                throw new SQLNonTransientConnectionException(file + " cannot be made: " + e, e);
            }
        }
    }

    /**
     * Makes an empty file a database. The size of its pages cannot be set later: neither when there is something in it, nor
     * when its journal is a write-ahead log.
     */
    private void format() throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setPageSize(PAGE_BYTES);
        try (Connection connection = config.createConnection("jdbc:sqlite:" + file)) {
            DatabaseSource.execute(connection, "PRAGMA journal_mode = WAL");
        }
    }

    @Override
    public void probe(Connection connection) throws SQLException {
        DatabaseSource.execute(connection, "BEGIN");
        DatabaseSource.execute(connection, "SELECT count(*) FROM sqlite_master");
        DatabaseSource.execute(connection, "ROLLBACK");
        if (damaged) {
            check(connection);
        }
    }

    /** Reads all of the file, so only after it was found damaged. */
    private void check(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA quick_check(1)")) {
            String found = rows.next() ? rows.getString(1) : "nothing";
            if (!found.equals("ok")) {
                throw new SQLException(found, null, SQLiteErrorCode.SQLITE_CORRUPT.code);
            }
        }
        damaged = false;
    }

    @Override
    public void begin(Connection connection, boolean write, long statementTimeoutMillis) throws SQLException {
        long startNanos = System.nanoTime();
        long timeoutNanos = TimeUnit.MILLISECONDS.toNanos(statementTimeoutMillis);
        ProgressHandler.setHandler(connection.unwrap(SQLiteConnection.class), STEPS_PER_LOOK, new ProgressHandler() {
            @Override
            protected int progress() {
                return System.nanoTime() - startNanos > timeoutNanos ? 1 : 0;
            }
        });
        DatabaseSource.execute(connection, write ? "BEGIN IMMEDIATE" : "BEGIN");
        if (!write) {
            DatabaseSource.execute(connection, "PRAGMA query_only = true");
        }
    }

    @Override
    public void commit(Connection connection) throws SQLException {
        DatabaseSource.execute(connection, "COMMIT");
        ended(connection);
    }

    @Override
    public void rollback(Connection connection) throws SQLException {
        // Some failures have rolled it back already.
        if (!connection.isClosed()) {
            ended(connection);
            try {
                DatabaseSource.execute(connection, "ROLLBACK");
            } catch (SQLException e) {
                if (troubleOf(e) != Trouble.OF_THE_WORK) {
                    throw e;
                }
            }
        }
    }

    private static void ended(Connection connection) throws SQLException {
        ProgressHandler.clearHandler(connection.unwrap(SQLiteConnection.class));
    }

    @Override
    public Trouble troubleOf(SQLException failure) {
        int code = failure.getErrorCode();
        if (code == SQLiteErrorCode.SQLITE_READONLY_DBMOVED.code) {
            return Trouble.AWAY;
        }
        damaged |= isDamage(failure);
        return switch (SQLiteErrorCode.getErrorCode(code & PRIMARY_CODE)) {
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_INTERRUPT -> Trouble.SLOW;
            case SQLITE_FULL, SQLITE_READONLY -> Trouble.UNWRITABLE;
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_PERM -> Trouble.AWAY;
            default -> failure instanceof SQLNonTransientConnectionException ? Trouble.AWAY : Trouble.OF_THE_WORK;
        };
    }

    private static boolean isDamage(SQLException failure) {
        int code = failure.getErrorCode() & PRIMARY_CODE;
        return code == SQLiteErrorCode.SQLITE_CORRUPT.code || code == SQLiteErrorCode.SQLITE_NOTADB.code;
    }

    @Override
    public String explain(SQLException failure) {
        return isDamage(failure)
                ? failure.getMessage() + ": put a backup in its place, or move it away to begin with an empty one"
                : String.valueOf(failure.getMessage());
    }

    @Override
    public String toString() {
        return file.toString();
    }
}

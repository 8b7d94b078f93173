package dev.weir.pipeline.store;

import dev.weir.pipeline.store.Database.Kind;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/** One kind of database by its URL: how to connect, how to bound a transaction, what its failures mean. Any thread. */
sealed interface DatabaseSource permits SqliteSource, PostgresSource {

    /**
     * A source by the scheme of its URL.
     *
     * @throws IllegalArgumentException if the URL makes no sense; the message holds no secret
     */
    static DatabaseSource of(Database.Settings settings) {
        String url = settings.url();
        if (url.startsWith(SqliteSource.SCHEME)) {
            return new SqliteSource(settings);
        }
        if (url.startsWith("postgresql://") || url.startsWith("postgres://")) {
            return new PostgresSource(settings);
        }
        throw new IllegalArgumentException(
                "database.url: not a database (expected: sqlite:FILE or postgresql://user:password@host:port/database)");
    }

    /** What a failure means for those who wait for the database. */
    enum Trouble {
        /** None: the statement is wrong, or what it asks for is. */
        OF_THE_WORK,
        /** This took too long, or met another writer; the next one may do better. */
        SLOW,
        /** It can be read, but not written, whatever is written: full, read-only, or not allowed to us. */
        UNWRITABLE,
        /** It does not answer. */
        AWAY
    }

    Kind kind();

    /** Connections to write with, and to read with where that is not the same. */
    DataSource writers();

    /** See {@link #writers}. */
    DataSource readers();

    /** Connections on which the tables are made, where a statement may take long. */
    DataSource migrations();

    /** How many may write at once. */
    int writersAtMost(int poolSize);

    /** Makes ready what must be there before a connection: a directory for instance. */
    void prepare() throws SQLException;

    /** Proves that {@code connection}, fresh from {@link #writers}, is to a database that can be used. */
    void probe(Connection connection) throws SQLException;

    /**
     * Begins a transaction none of whose statements runs longer than that. Nothing of it outlives the transaction: behind a
     * pooler, the next one may be somebody else's connection.
     */
    void begin(Connection connection, boolean write, long statementTimeoutMillis) throws SQLException;

    void commit(Connection connection) throws SQLException;

    void rollback(Connection connection) throws SQLException;

    Trouble troubleOf(SQLException failure);

    /** A failure in words for the log, with what to do about it if that is known. */
    String explain(SQLException failure);

    /** Runs one statement that answers nothing. */
    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

package dev.weir.pipeline.store;

import dev.weir.pipeline.store.Database.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** A database by its URL: how to connect to it, and how it says that it is away. Immutable. */
final class DatabaseSource {
    private static final String SQLITE = "sqlite:";
    private static final int BUSY_MILLIS = 5_000;

    private final Kind kind;
    private final String name;
    private final DataSource dataSource;

    private DatabaseSource(Kind kind, String name, DataSource dataSource) {
        this.kind = kind;
        this.name = name;
        this.dataSource = dataSource;
    }

    static DatabaseSource of(Database.Settings settings) {
        return settings.url().startsWith(SQLITE) ? sqlite(settings) : postgresql(settings);
    }

    private static DatabaseSource sqlite(Database.Settings settings) {
        Path file = settings.directory().resolve(settings.url().substring(SQLITE.length()));
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
        config.setTransactionMode(SQLiteConfig.TransactionMode.DEFERRED);
        config.setBusyTimeout(BUSY_MILLIS);
        config.enforceForeignKeys(true);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("database.url: " + file + ": its directory cannot be made", e);
        }
        return new DatabaseSource(Kind.SQLITE, file.toString(), source);
    }

    private static DatabaseSource postgresql(Database.Settings settings) {
        URI uri = URI.create(settings.url());
        PGSimpleDataSource source = new PGSimpleDataSource();
        String query = uri.getRawQuery();
        String place = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort()) + uri.getRawPath();
        source.setUrl("jdbc:postgresql://" + place + (query == null ? "" : "?" + query));
        String user = uri.getRawUserInfo();
        if (user != null) {
            int colon = user.indexOf(':');
            source.setUser(decoded(colon < 0 ? user : user.substring(0, colon)));
            source.setPassword(colon < 0 ? "" : decoded(user.substring(colon + 1)));
        }
        source.setApplicationName("weir");
        source.setConnectTimeout(seconds(settings.poolTimeoutMillis()));
        source.setSocketTimeout(seconds(2 * settings.statementTimeoutMillis()));
        source.setTcpKeepAlive(true);
        return new DatabaseSource(Kind.POSTGRESQL, place, source);
    }

    private static int seconds(long millis) {
        return (int) Math.max(1, (millis + 999) / 1_000);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    Kind kind() {
        return kind;
    }

    DataSource dataSource() {
        return dataSource;
    }

    /** Whether {@code failure} says that the database is not there, rather than that it refuses something. */
    boolean isAway(SQLException failure) {
        String state = failure.getSQLState();
        return failure instanceof SQLTransientConnectionException
                || (state != null && (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")));
    }

    /** Where it is, without secrets. */
    @Override
    public String toString() {
        return name;
    }
}

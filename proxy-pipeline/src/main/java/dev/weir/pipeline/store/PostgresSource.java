package dev.weir.pipeline.store;

import dev.weir.pipeline.store.Database.Kind;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL server, or several of which one is the primary. Leaves nothing in a session: no prepared statements on the
 * server, and time limits for one transaction only, so that a pooler may give each transaction another session.
 */
final class PostgresSource implements DatabaseSource {
    private static final Pattern URL = Pattern.compile(
            "postgres(?:ql)?://(?:(?<user>[^/]*)@)?(?<hosts>[^/@]+)/(?<database>[^/?]+)(?:\\?(?<query>.*))?");
    private static final Pattern HOSTS = Pattern.compile("(?:[^:,\\[\\]]+|\\[[0-9a-fA-F:.]+])(?::\\d{1,5})?");
    private static final long MIGRATION_MILLIS = 600_000;
    private static final long GRACE_MILLIS = 2_000;

    private final String place;
    private final PGSimpleDataSource connections;
    private final PGSimpleDataSource migrations;

    PostgresSource(Database.Settings settings) {
        Matcher url = URL.matcher(settings.url());
        if (!url.matches()) {
            throw refused(
                    "", "postgresql://user:password@host:port/database?parameters, with %2F for a / in the password");
        }
        for (String host : url.group("hosts").split(",", -1)) {
            if (!HOSTS.matcher(host).matches()) {
                throw refused(host + " is no host", "HOST:PORT, or several with commas between them");
            }
        }
        place = url.group("hosts") + "/" + url.group("database");
        connections = source(settings, url, settings.statementTimeoutMillis() + GRACE_MILLIS);
        migrations = source(settings, url, MIGRATION_MILLIS);
    }

    private static IllegalArgumentException refused(String what, String expected) {
        return new IllegalArgumentException(
                "database.url: " + (what.isEmpty() ? "no URL of PostgreSQL" : what) + " (expected: " + expected + ")");
    }

    private PGSimpleDataSource source(Database.Settings settings, Matcher url, long socketTimeoutMillis) {
        String query = url.group("query");
        Set<String> given = parameters(query);
        PGSimpleDataSource source = new PGSimpleDataSource();
        try {
            source.setUrl("jdbc:postgresql://" + place + (query == null ? "" : "?" + query));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("database.url: the driver does not understand " + place, e);
        }
        String user = url.group("user");
        if (user != null) {
            int colon = user.indexOf(':');
            source.setUser(decoded(colon < 0 ? user : user.substring(0, colon)));
            source.setPassword(colon < 0 ? "" : decoded(user.substring(colon + 1)));
        }
        source.setApplicationName("weir");
        source.setTcpKeepAlive(true);
        source.setReWriteBatchedInserts(true);
        if (!given.contains("prepareThreshold")) {
            source.setPrepareThreshold(0);
        }
        if (!given.contains("connectTimeout")) {
            source.setConnectTimeout(seconds(settings.poolTimeoutMillis()));
        }
        source.setLoginTimeout(seconds(2 * settings.poolTimeoutMillis()));
        source.setSocketTimeout(seconds(socketTimeoutMillis));
        if (url.group("hosts").indexOf(',') >= 0 && !given.contains("targetServerType")) {
            source.setTargetServerType("primary");
        }
        return source;
    }

    /** The names of the parameters, each of which the driver must know: a misspelled {@code sslmode} would mean none. */
    private static Set<String> parameters(@Nullable String query) {
        Set<String> known = query == null ? Set.of() : known();
        Set<String> names = new HashSet<>();
        for (String parameter : query == null ? new String[0] : query.split("&", -1)) {
            String name = parameter.contains("=") ? parameter.substring(0, parameter.indexOf('=')) : parameter;
            if (!known.contains(name)) {
                throw refused(
                        "the driver knows no parameter " + name, "parameters of pgjdbc, sslmode=require for instance");
            }
            names.add(name);
        }
        return names;
    }

    private static Set<String> known() {
        String anyUrl = "jdbc:postgresql:";
        try {
            return Stream.of(DriverManager.getDriver(anyUrl).getPropertyInfo(anyUrl, new Properties()))
                    .map(property -> property.name)
                    .collect(Collectors.toSet());
        } catch (SQLException e) {
            throw new IllegalStateException("the driver of PostgreSQL is missing", e);
        }
    }

    private static int seconds(long millis) {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(1, (millis + 999) / 1_000));
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "database.url: user or password hold a % that begins no %XX (expected: %25 for a %)", e);
        }
    }

    @Override
    public Kind kind() {
        return Kind.POSTGRESQL;
    }

    @Override
    public DataSource writers() {
        return connections;
    }

    @Override
    public DataSource readers() {
        return connections;
    }

    @Override
    public DataSource migrations() {
        return migrations;
    }

    @Override
    public int writersAtMost(int poolSize) {
        return poolSize;
    }

    @Override
    public void prepare() {
        // A server is there or it is not.
    }

    @Override
    public void probe(Connection connection) throws SQLException {
        DatabaseSource.execute(connection, "SELECT 1");
    }

    @Override
    public void begin(Connection connection, boolean write, long statementTimeoutMillis) throws SQLException {
        connection.setAutoCommit(false);
        DatabaseSource.execute(
                connection,
                "SET LOCAL statement_timeout = " + statementTimeoutMillis
                        + (write ? "" : "; SET TRANSACTION READ ONLY"));
    }

    @Override
    public void commit(Connection connection) throws SQLException {
        connection.commit();
    }

    @Override
    public void rollback(Connection connection) throws SQLException {
        if (!connection.isClosed()) {
            connection.rollback();
        }
    }

    /** By SQLSTATE, PostgreSQL's appendix A. */
    @Override
    public Trouble troubleOf(SQLException failure) {
        String state = failure.getSQLState();
        if (state == null) {
            return failure instanceof SQLTransientConnectionException ? Trouble.AWAY : Trouble.OF_THE_WORK;
        }
        return switch (state) {
            // Full; a standby or a read-only transaction; not allowed.
            case "53100", "25006", "42501" -> Trouble.UNWRITABLE;
            // Cancelled for its time; deadlock, serialization, lock not available.
            case "57014", "40P01", "40001", "55P03" -> Trouble.SLOW;
            // No such database, and what is wrong with a login.
            case "3D000", "28000", "28P01" -> Trouble.AWAY;
            default ->
                state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")
                        ? Trouble.AWAY
                        : Trouble.OF_THE_WORK;
        };
    }

    @Override
    public String explain(SQLException failure) {
        return String.valueOf(failure.getMessage());
    }

    /** Where it is, without secrets. */
    @Override
    public String toString() {
        return place;
    }
}

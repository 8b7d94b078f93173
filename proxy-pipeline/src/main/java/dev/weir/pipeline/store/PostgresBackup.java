package dev.weir.pipeline.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL database's copies, made and taken back by the programs that come with it, {@code pg_dump} and
 * {@code pg_restore}, which must not be older than the server. Rows are counted in the snapshot that is dumped.
 */
final class PostgresBackup implements DatabaseBackup {
    private static final String TABLES =
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
                    + " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname";

    private static final int SAID_CHARS = 2_000;

    private final PGSimpleDataSource source;

    PostgresBackup(PostgresSource source) {
        this.source = (PGSimpleDataSource) source.migrations();
    }

    @Override
    public Database.Kind kind() {
        return Database.Kind.POSTGRESQL;
    }

    @Override
    public SortedMap<String, Long> save(Path file) throws IOException, SQLException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            SortedMap<String, Long> rows = TableCounts.of(connection, TABLES);
            try (ResultSet snapshot = statement.executeQuery("SELECT pg_export_snapshot()")) {
                snapshot.next();
                run(
                        "pg_dump",
                        "--format=custom",
                        "--no-owner",
                        "--no-privileges",
                        "--snapshot=" + snapshot.getString(1),
                        "--file=" + file);
            }
            connection.rollback();
            return rows;
        }
    }

    @Override
    public void restore(Path file) throws IOException {
        run(
                "pg_restore",
                "--clean",
                "--if-exists",
                "--no-owner",
                "--no-privileges",
                "--single-transaction",
                "--exit-on-error",
                "--dbname=" + source.getDatabaseName(),
                file.toString());
    }

    @Override
    public SortedMap<String, Long> rows() throws SQLException {
        try (Connection connection = source.getConnection()) {
            return TableCounts.of(connection, TABLES);
        }
    }

    /** Runs a program of PostgreSQL's on this database. The password goes by its environment, which others cannot read. */
    private void run(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        describe(builder.environment());
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException(
                    program + " cannot be run: install PostgreSQL's client programs (postgresql-client in Debian)", e);
        }
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(program + " failed: " + shortened(said.strip()));
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException(program + " was interrupted", e);
        }
    }

    private void describe(Map<String, String> environment) {
        environment.put("PGHOST", String.join(",", source.getServerNames()));
        StringBuilder ports = new StringBuilder();
        for (int port : source.getPortNumbers()) {
            ports.append(ports.isEmpty() ? "" : ",").append(port == 0 ? 5432 : port);
        }
        environment.put("PGPORT", ports.toString());
        put(environment, "PGDATABASE", source.getDatabaseName());
        put(environment, "PGUSER", source.getUser());
        put(environment, "PGPASSWORD", source.getPassword());
        put(environment, "PGSSLMODE", source.getSslMode());
        put(environment, "PGSSLROOTCERT", source.getSslRootCert());
        environment.put("PGAPPNAME", "weir backup");
    }

    private static void put(Map<String, String> environment, String name, String value) {
        if (value != null && !value.isEmpty()) {
            environment.put(name, value);
        }
    }

    private static String shortened(String said) {
        return said.length() <= SAID_CHARS ? said : said.substring(said.length() - SAID_CHARS);
    }
}

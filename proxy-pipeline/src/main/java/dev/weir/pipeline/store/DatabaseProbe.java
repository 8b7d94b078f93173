package dev.weir.pipeline.store;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One look at a database that makes and changes nothing in it: no file, no table. Blocks the caller's thread.
 *
 * @param description what is there
 * @param clock the time at the database's host, or null where that is this host
 */
public record DatabaseProbe(String description, @Nullable Instant clock) {

    /**
     * Looks at what {@code settings} name.
     *
     * @throws SQLException if it cannot be used, saying why; the message holds no secret
     */
    public static DatabaseProbe look(Database.Settings settings) throws SQLException {
        DatabaseSource source = DatabaseSource.of(settings);
        if (source instanceof SqliteSource sqlite) {
            return file(sqlite.file());
        }
        try (Connection connection = source.readers().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT current_setting('server_version'), extract(epoch FROM now())")) {
            row.next();
            String version = row.getString(1);
            Instant clock = Instant.ofEpochMilli((long) (row.getDouble(2) * 1_000));
            return new DatabaseProbe("PostgreSQL " + version + " at " + source, clock);
        } catch (SQLException e) {
            throw new SQLException(source.explain(e), e.getSQLState(), e);
        }
    }

    private static DatabaseProbe file(Path file) throws SQLException {
        if (!Files.exists(file)) {
            Path above = file.getParent();
            while (above != null && !Files.exists(above)) {
                above = above.getParent();
            }
            if (above == null || !Files.isDirectory(above) || !Files.isWritable(above)) {
                throw new SQLException(above + " cannot be written, so " + file + " cannot be made");
            }
            return new DatabaseProbe("SQLite " + file + ", to be made at the first start", null);
        }
        if (!Files.isWritable(file)) {
            throw new SQLException(file + " cannot be written");
        }
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:file:" + file + "?mode=ro&immutable=1");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM sqlite_master")) {
            row.next();
            return new DatabaseProbe("SQLite " + file, null);
        }
    }
}

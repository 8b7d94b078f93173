package dev.weir.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Random;

/** Puts many keys into a database at once: more than anybody would want to make one by one. */
final class KeyRows {
    private static final String KEY = """
            INSERT INTO api_keys (id, name, owner, team, prefix, scopes, models, requests_per_minute, tokens_per_minute,
                parallel, tokens_per_day, tokens_per_month, blocked, metadata, created_at, expires_at, revoked_at,
                last_used_at, changed)
            SELECT ?, ?, owner, team, prefix, scopes, models, requests_per_minute, tokens_per_minute, parallel,
                tokens_per_day, tokens_per_month, blocked, metadata, created_at, expires_at, 0, 0, ?
            FROM api_keys WHERE id = ?""";
    private static final String SECRET = "INSERT INTO key_secrets (digest, key_id, valid_until) VALUES (?, ?, ?)";
    private static final int BATCH = 10_000;

    private KeyRows() {}

    /** Adds {@code count} keys like the one called {@code bench}, whose secrets nobody knows. */
    static void add(Path database, int count) throws IOException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database)) {
            try (Statement fast = connection.createStatement()) {
                fast.execute("PRAGMA synchronous = OFF");
            }
            connection.setAutoCommit(false);
            long version = nextVersion(connection);
            insert(connection, count, version, model(connection));
            connection.commit();
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    private static long nextVersion(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE key_version SET version = version + 1");
            return statement.executeQuery("SELECT version FROM key_version").getLong(1);
        }
    }

    private static String model(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement
                    .executeQuery("SELECT id FROM api_keys WHERE name = 'bench'")
                    .getString(1);
        }
    }

    private static void insert(Connection connection, int count, long version, String model) throws SQLException {
        Random random = new Random(7);
        byte[] digest = new byte[32];
        try (PreparedStatement key = connection.prepareStatement(KEY);
                PreparedStatement secret = connection.prepareStatement(SECRET)) {
            for (int i = 1; i <= count; i++) {
                String id = String.format(Locale.ROOT, "key_%016x", i);
                random.nextBytes(digest);
                // In the index's order, in which a database adds much faster.
                ByteBuffer.wrap(digest).putLong(Long.MAX_VALUE / count * i);
                key.setString(1, id);
                key.setString(2, "bench-" + i);
                key.setLong(3, version);
                key.setString(4, model);
                key.addBatch();
                secret.setBytes(1, digest.clone());
                secret.setString(2, id);
                secret.setLong(3, 0);
                secret.addBatch();
                if (i % BATCH == 0 || i == count) {
                    key.executeBatch();
                    secret.executeBatch();
                }
            }
        }
    }
}

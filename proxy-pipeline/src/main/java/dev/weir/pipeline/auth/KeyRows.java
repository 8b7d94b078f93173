package dev.weir.pipeline.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of {@code api_keys} and {@code key_version}, the same in both databases. */
final class KeyRows {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};
    private static final String INSERT = """
            INSERT INTO api_keys (name, owner, team, scopes, models, requests_per_minute, tokens_per_minute, parallel,
                tokens_per_day, tokens_per_month, blocked, metadata, expires_at, changed,
                id, prefix, created_at, revoked_at, last_used_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)""";
    private static final String UPDATE = """
            UPDATE api_keys SET name = ?, owner = ?, team = ?, scopes = ?, models = ?, requests_per_minute = ?,
                tokens_per_minute = ?, parallel = ?, tokens_per_day = ?, tokens_per_month = ?, blocked = ?, metadata = ?,
                expires_at = ?, changed = ?
            WHERE id = ?""";

    private KeyRows() {}

    /** How far a database's keys have come. */
    record Version(String epoch, long number) {}

    static Version version(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT epoch, version FROM key_version")) {
            if (!rows.next()) {
                throw new SQLException("the table key_version has lost its row");
            }
            return new Version(rows.getString(1), rows.getLong(2));
        }
    }

    /** Takes the next version, and with it the right to change keys until the transaction ends. */
    static long nextVersion(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE key_version SET version = version + 1");
        }
        return version(connection).number();
    }

    static void insert(Connection connection, ApiKey key, long version) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
            int next = fill(statement, key.spec(), version);
            statement.setString(next, key.id());
            statement.setString(next + 1, key.prefix());
            statement.setLong(next + 2, key.createdAtMillis());
            statement.executeUpdate();
        }
    }

    static void update(Connection connection, String id, KeySpec spec, long version) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(UPDATE)) {
            int next = fill(statement, spec, version);
            statement.setString(next, id);
            statement.executeUpdate();
        }
    }

    private static int fill(PreparedStatement statement, KeySpec spec, long version) throws SQLException {
        int i = 1;
        statement.setString(i++, spec.name());
        statement.setString(i++, spec.owner());
        statement.setString(i++, spec.team());
        statement.setString(i++, KeyScope.join(spec.scopes()));
        statement.setString(i++, json(spec.models()));
        statement.setLong(i++, spec.limits().requestsPerMinute());
        statement.setLong(i++, spec.limits().tokensPerMinute());
        statement.setLong(i++, spec.limits().parallel());
        statement.setLong(i++, spec.budget().tokensPerDay());
        statement.setLong(i++, spec.budget().tokensPerMonth());
        statement.setLong(i++, spec.blocked() ? 1 : 0);
        statement.setString(i++, spec.metadata());
        statement.setLong(i++, spec.expiresAtMillis());
        statement.setLong(i++, version);
        return i;
    }

    static @Nullable ApiKey find(Connection connection, String id) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM api_keys WHERE id = ?")) {
            statement.setString(1, id);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? key(rows) : null;
            }
        }
    }

    /** The key in the current row of {@code SELECT * FROM api_keys}. */
    static ApiKey key(ResultSet row) throws SQLException {
        KeySpec spec = new KeySpec(
                row.getString("name"),
                row.getString("owner"),
                row.getString("team"),
                KeyScope.split(row.getString("scopes")),
                models(row.getString("models")),
                limits(row),
                budget(row),
                row.getLong("blocked") != 0,
                row.getString("metadata"),
                row.getLong("expires_at"));
        return new ApiKey(
                row.getString("id"),
                row.getString("prefix"),
                spec,
                row.getLong("created_at"),
                row.getLong("revoked_at"),
                row.getLong("last_used_at"));
    }

    static Limits limits(ResultSet row) throws SQLException {
        return new Limits(
                row.getLong("requests_per_minute"), row.getLong("tokens_per_minute"), (int) row.getLong("parallel"));
    }

    static KeyBudget budget(ResultSet row) throws SQLException {
        return new KeyBudget(row.getLong("tokens_per_day"), row.getLong("tokens_per_month"));
    }

    private static String json(ModelPatterns models) throws SQLException {
        try {
            return JSON.writeValueAsString(models.patterns());
        } catch (JsonProcessingException e) {
            throw new SQLException("models cannot be written", e);
        }
    }

    static ModelPatterns models(String json) throws SQLException {
        try {
            return new ModelPatterns(JSON.readValue(json, STRINGS));
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new SQLException("models of a key cannot be read: " + json, e);
        }
    }
}

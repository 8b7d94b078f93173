package dev.weir.pipeline.auth;

import dev.weir.core.ModelPatterns;
import dev.weir.pipeline.auth.KeyRows.Version;
import dev.weir.pipeline.auth.KeyTable.Row;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads snapshots from the database: all keys, or what was changed since the last time. For one thread at a time. */
final class KeyReader {
    private static final int FETCH_ROWS = 10_000;
    private static final long SCAN_MILLIS = 60_000;

    /** More changes than this, and more than a fiftieth of the keys, have all of them read again. */
    private static final int MAX_CHANGES = 1_000;

    private static final int SHARE_OF_CHANGES = 50;
    private static final String SELECT = """
            SELECT s.digest, s.valid_until, k.id, k.name, k.scopes, k.models, k.requests_per_minute, k.tokens_per_minute,
                k.parallel, k.tokens_per_day, k.tokens_per_month, k.blocked, k.expires_at, k.revoked_at
            FROM key_secrets s JOIN api_keys k ON k.id = s.key_id
            WHERE\s""";
    private static final String ALL = "k.revoked_at = 0 AND (s.valid_until = 0 OR s.valid_until > ?)";
    private static final String SINCE = "k.changed > ?";

    private final Database database;
    private final Map<ByteBuffer, Row> changes = new LinkedHashMap<>();
    private final Map<String, ModelPatterns> patterns = new HashMap<>();

    KeyReader(Database database) {
        this.database = database;
    }

    /** The version the database has now. */
    Version version() throws DatabaseAwayException, SQLException {
        return database.read(KeyRows::version);
    }

    /** What the database holds now; only what changed is read, if {@code last} was read from it by this reader. */
    KeySnapshot read(@Nullable KeySnapshot last) throws DatabaseAwayException, SQLException {
        KeySnapshot snapshot = last == null ? null : changedSince(last);
        return snapshot == null ? all() : snapshot;
    }

    private KeySnapshot all() throws DatabaseAwayException, SQLException {
        KeySnapshot snapshot = database.scan(SCAN_MILLIS, connection -> {
            // Before the rows: what is changed in between is read once more next time.
            Version version = KeyRows.version(connection);
            KeyTable.Builder table = new KeyTable.Builder(count(connection));
            rows(connection, ALL, System.currentTimeMillis(), table::add);
            return new KeySnapshot(version, table.build(), KeyTable.EMPTY);
        });
        changes.clear();
        return snapshot;
    }

    private @Nullable KeySnapshot changedSince(KeySnapshot last) throws DatabaseAwayException, SQLException {
        Map<ByteBuffer, Row> next = new LinkedHashMap<>(changes);
        Version version = database.scan(SCAN_MILLIS, connection -> {
            Version now = KeyRows.version(connection);
            if (now.epoch().equals(last.version().epoch())) {
                rows(connection, SINCE, last.version().number(), row -> next.put(ByteBuffer.wrap(row.digest()), row));
            }
            return now;
        });
        boolean another = !version.epoch().equals(last.version().epoch())
                || version.number() < last.version().number();
        if (another || next.size() > Math.max(MAX_CHANGES, last.base().size() / SHARE_OF_CHANGES)) {
            return null;
        }
        KeyTable.Builder table = new KeyTable.Builder(next.size());
        next.values().forEach(table::add);
        changes.clear();
        changes.putAll(next);
        return new KeySnapshot(version, last.base(), table.build());
    }

    private static int count(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT count(*) FROM key_secrets");
                ResultSet rows = statement.executeQuery()) {
            return rows.next() ? rows.getInt(1) : 0;
        }
    }

    @FunctionalInterface
    private interface RowConsumer {
        void accept(Row row);
    }

    private void rows(Connection connection, String condition, long parameter, RowConsumer consumer)
            throws SQLException {
        patterns.clear();
        try (PreparedStatement statement = connection.prepareStatement(SELECT + condition)) {
            statement.setFetchSize(FETCH_ROWS);
            statement.setLong(1, parameter);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    consumer.accept(row(rows));
                }
            }
        }
    }

    private Row row(ResultSet row) throws SQLException {
        KeyPolicy policy = new KeyPolicy(
                KeyScope.split(row.getString("scopes")),
                models(row.getString("models")),
                KeyRows.limits(row),
                KeyRows.budget(row),
                row.getLong("blocked") != 0,
                row.getLong("revoked_at") != 0);
        return new Row(
                row.getBytes("digest"),
                KeyTable.idBits(row.getString("id")),
                row.getString("name"),
                policy,
                earlier(row.getLong("valid_until"), row.getLong("expires_at")));
    }

    /** Many keys have the same models; parsing them once saves most of the time. */
    private ModelPatterns models(String json) throws SQLException {
        ModelPatterns known = patterns.get(json);
        if (known == null) {
            known = KeyRows.models(json);
            patterns.put(json, known);
        }
        return known;
    }

    /** The earlier of two times, 0 being never. */
    private static long earlier(long a, long b) {
        return a == 0 ? b : b == 0 ? a : Math.min(a, b);
    }
}

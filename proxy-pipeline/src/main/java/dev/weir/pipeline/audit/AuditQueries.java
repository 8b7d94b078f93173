package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Result;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditEntry.Service;
import dev.weir.pipeline.audit.AuditEntry.Timing;
import dev.weir.pipeline.audit.AuditEntry.Traffic;
import dev.weir.pipeline.audit.AuditSearch.Condition;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Database.Kind;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds what was written down, the newest first, what came a moment ago included. Blocks. */
public final class AuditQueries {
    private static final long FLUSH_MILLIS = 2_000;
    private static final long SEARCH_MILLIS = 10_000;

    /** How many records one page of a search looks through. */
    private static final int SEARCHED = 5_000;

    private static final String ORDER = " ORDER BY time DESC, id DESC LIMIT ";
    private static final String COLUMNS =
            "id, " + String.join(", ", AuditTable.COLUMNS.subList(0, AuditTable.COLUMNS.size() - 2));
    private static final String BODIES = ", request_body, response_body";
    private static final String NO_BODIES = ", NULL AS request_body, NULL AS response_body";

    private final Database database;
    private final AuditWriter writer;
    private final boolean postgresql;

    public AuditQueries(Database database, AuditWriter writer) {
        this.database = database;
        this.writer = writer;
        this.postgresql = database.kind() == Kind.POSTGRESQL;
    }

    /**
     * A part of a list.
     *
     * @param nextCursor where it goes on; null at its end. A page of a search may hold less than asked for, or nothing, and
     *     go on all the same
     */
    public record Page<T>(List<T> rows, @Nullable String nextCursor) {}

    private record Place(long timeMillis, long id) {
        static Place of(ResultSet row) throws SQLException {
            return new Place(row.getLong("time"), row.getLong("id"));
        }

        String cursor() {
            return Cursor.of(timeMillis, id);
        }
    }

    /** The ids of the keys that have this id or name. */
    public List<String> keys(String idOrName) throws DatabaseAwayException, SQLException {
        return database.read(connection -> {
            List<String> ids = new ArrayList<>(List.of(idOrName));
            try (PreparedStatement query =
                    connection.prepareStatement("SELECT id FROM api_keys WHERE name = ? LIMIT 100")) {
                query.setString(1, idOrName);
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        ids.add(rows.getString(1));
                    }
                }
            }
            return ids;
        });
    }

    /**
     * Records without their bodies.
     *
     * @param cursor where the page before says it goes on, or null to begin
     * @throws IllegalArgumentException if the cursor is none
     */
    public Page<AuditEntry> list(AuditSearch search, int limit, @Nullable String cursor)
            throws DatabaseAwayException, SQLException, InterruptedException {
        if (cursor == null) {
            writer.flush(FLUSH_MILLIS);
        }
        Condition where = search.condition();
        if (cursor != null) {
            List<String> place = Cursor.read(cursor, 2);
            where = where.and("(time, id) < (?, ?)", Cursor.number(place.get(0)), Cursor.number(place.get(1)));
        }
        Condition condition = where;
        return search.text().isEmpty()
                ? database.read(connection -> page(connection, condition, limit, null))
                : database.scan(SEARCH_MILLIS, connection -> search(connection, search, condition, limit));
    }

    /** Looks through so many records that it ends, and says where to go on. */
    private Page<AuditEntry> search(Connection connection, AuditSearch search, Condition condition, int limit)
            throws SQLException {
        Place last = null;
        try (PreparedStatement query = prepare(
                        connection,
                        "SELECT time, id FROM audit WHERE " + condition.sql() + ORDER + "1 OFFSET " + (SEARCHED - 1),
                        condition.values());
                ResultSet rows = query.executeQuery()) {
            last = rows.next() ? Place.of(rows) : null;
        }
        Condition bounded =
                last == null ? condition : condition.and("(time, id) >= (?, ?)", last.timeMillis(), last.id());
        return page(connection, search.withText(bounded, postgresql), limit, last);
    }

    private static Page<AuditEntry> page(Connection connection, Condition condition, int limit, @Nullable Place last)
            throws SQLException {
        List<AuditEntry> found = new ArrayList<>();
        Place place = null;
        try (PreparedStatement query = prepare(
                        connection,
                        "SELECT " + COLUMNS + NO_BODIES + " FROM audit WHERE " + condition.sql() + ORDER + (limit + 1),
                        condition.values());
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                if (found.size() == limit && place != null) {
                    return new Page<>(found, place.cursor());
                }
                place = Place.of(rows);
                found.add(entry(rows));
            }
        }
        return new Page<>(found, last == null ? null : last.cursor());
    }

    /** One record with its bodies; the newest if clients have chosen the same id for several. */
    public Optional<AuditEntry> find(String requestId)
            throws DatabaseAwayException, SQLException, InterruptedException {
        writer.flush(FLUSH_MILLIS);
        Condition condition = new Condition("request_id = ?", List.of(requestId));
        return database.read(connection -> {
            try (PreparedStatement query = prepare(
                            connection,
                            "SELECT " + COLUMNS + BODIES + " FROM audit WHERE " + condition.sql() + ORDER + 1,
                            condition.values());
                    ResultSet rows = query.executeQuery()) {
                return rows.next() ? Optional.of(entry(rows)) : Optional.empty();
            }
        });
    }

    /** The oldest first, of many the last; no more of them than bodies make up {@code maxChars}, roughly. */
    static List<AuditEntry> withBodies(Connection connection, Condition condition, int limit, long maxChars)
            throws SQLException {
        List<AuditEntry> entries = new ArrayList<>();
        try (PreparedStatement query = prepare(
                connection,
                "SELECT " + COLUMNS + BODIES + " FROM audit WHERE " + condition.sql() + ORDER + limit,
                condition.values())) {
            // Not all bodies at once.
            query.setFetchSize(10);
            long chars = 0;
            try (ResultSet rows = query.executeQuery()) {
                while (chars < maxChars && rows.next()) {
                    AuditEntry entry = entry(rows);
                    chars += length(entry.request()) + length(entry.response());
                    entries.add(0, entry);
                }
            }
        }
        return entries;
    }

    private static long length(@Nullable Body body) {
        return body == null ? 0 : body.text().length();
    }

    static PreparedStatement prepare(Connection connection, String sql, List<Object> values) throws SQLException {
        PreparedStatement query = connection.prepareStatement(sql);
        for (int i = 0; i < values.size(); i++) {
            query.setObject(i + 1, values.get(i));
        }
        return query;
    }

    private static AuditEntry entry(ResultSet row) throws SQLException {
        return new AuditEntry(
                row.getLong("time"),
                row.getString("request_id"),
                new Sender(
                        row.getString("key_id"),
                        row.getString("key_name"),
                        row.getString("user_name"),
                        row.getString("client")),
                new Call(
                        row.getString("method"),
                        row.getString("route"),
                        row.getString("path"),
                        row.getString("model"),
                        row.getString(row.getString("title") == null ? "conversation" : "request_id"),
                        row.getLong("stream") != 0),
                new Service(
                        row.getString("served_model"),
                        row.getString("backend"),
                        row.getInt("attempts"),
                        row.getString("cache")),
                new Result(
                        row.getInt("status"),
                        row.getString("outcome"),
                        row.getString("error"),
                        row.getString("error_message")),
                new Timing(row.getLong("total_micros"), row.getLong("first_byte_micros"), row.getLong("queue_micros")),
                new Traffic(
                        row.getLong("request_bytes"),
                        row.getLong("response_bytes"),
                        row.getLong("prompt_tokens"),
                        row.getLong("completion_tokens"),
                        row.getLong("tokens_estimated") != 0),
                body(row.getString("request_body"), row.getLong("request_cut")),
                body(row.getString("response_body"), row.getLong("response_cut")));
    }

    private static @Nullable Body body(@Nullable String text, long cut) {
        return text == null ? null : new Body(text, cut != 0);
    }
}

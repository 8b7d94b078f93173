package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditQueries.Page;
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

/** Finds conversations and what was said in them, those that went on last first, what came a moment ago included. Blocks. */
public final class ConversationQueries {
    /** How many chats of either kind one page of a search looks through. */
    static final int SEARCHED = 20_000;

    private static final long FLUSH_MILLIS = 2_000;
    private static final long SEARCH_MILLIS = 10_000;

    /** Chats whose senders say nothing of a conversation, in the shape of the table of those who do. */
    private static final String ALONE = "(SELECT request_id AS id, key_id, user_name, model, title, 1 AS requests,"
            + " time AS created_at, time AS updated_at, 1 AS alone FROM audit"
            + " WHERE title IS NOT NULL AND status BETWEEN 200 AND 299) AS alone";

    private static final String GROUPED =
            "(SELECT id, key_id, user_name, model, title, requests, created_at, updated_at,"
                    + " 0 AS alone FROM conversations) AS grouped";

    /** Places in the order, which indexes alone tell. */
    private static final String PLACES_ALONE =
            "(SELECT time AS updated_at, request_id AS id, key_id FROM audit WHERE title IS NOT NULL) AS places_alone";

    private static final String PLACES_GROUPED = "(SELECT updated_at, id, key_id FROM conversations) AS places_grouped";
    private static final String PLACE = "(updated_at, id, key_id)";
    private static final String NEWEST_FIRST = " ORDER BY updated_at DESC, id DESC, key_id DESC LIMIT ";

    private final Database database;
    private final AuditWriter writer;
    private final boolean postgresql;

    public ConversationQueries(Database database, AuditWriter writer) {
        this.database = database;
        this.writer = writer;
        this.postgresql = database.kind() == Kind.POSTGRESQL;
    }

    /**
     * Which conversations are looked for; what is null or the empty text does not count.
     *
     * @param keys a key's ids
     * @param user who asked last
     * @param model asked last
     * @param text stands somewhere in the title, without regard to case
     */
    public record Search(@Nullable List<String> keys, String user, String model, String text) {
        /** Every conversation there is. */
        public static final Search ALL = new Search(null, "", "", "");

        Condition condition(boolean postgresql) {
            Condition all = ofKeys(keys);
            all = user.isEmpty() ? all : all.and("user_name = ?", user);
            all = model.isEmpty() ? all : all.and("model = ?", model);
            return text.isEmpty() ? all : all.and("title" + AuditSearch.like(postgresql), AuditSearch.pattern(text));
        }
    }

    private static Condition ofKeys(@Nullable List<String> keys) {
        return new AuditSearch(keys, "", 0, Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, "").condition();
    }

    private record Place(long updatedAtMillis, String id, String keyId) {
        static Place of(Conversation conversation) {
            return new Place(
                    conversation.updatedAtMillis(),
                    conversation.id().name(),
                    conversation.id().keyId());
        }

        static Place read(String cursor) {
            List<String> parts = Cursor.read(cursor, 3);
            return new Place(Cursor.number(parts.get(0)), parts.get(1), parts.get(2));
        }

        String cursor() {
            return Cursor.of(updatedAtMillis, id, keyId);
        }

        Condition and(Condition condition, String comparison) {
            return condition.and(PLACE + comparison + "(?, ?, ?)", updatedAtMillis, id, keyId);
        }
    }

    /**
     * A page of them. One that looks for some looks through {@link #SEARCHED} of those that are grouped and of those that stand
     * alone, and says where to go on.
     *
     * @param cursor where the page before says it goes on, or null to begin
     * @throws IllegalArgumentException if the cursor is none
     */
    public Page<Conversation> list(Search search, int limit, @Nullable String cursor)
            throws DatabaseAwayException, SQLException, InterruptedException {
        if (cursor == null) {
            writer.flush(FLUSH_MILLIS);
        }
        Place from = cursor == null ? null : Place.read(cursor);
        if (search.equals(Search.ALL)) {
            return database.read(connection -> page(connection, search, limit, from, null));
        }
        return database.scan(
                SEARCH_MILLIS, connection -> page(connection, search, limit, from, lastSearched(connection, from)));
    }

    private Page<Conversation> page(
            Connection connection, Search search, int limit, @Nullable Place from, @Nullable Place last)
            throws SQLException {
        Condition condition = search.condition(postgresql);
        condition = from == null ? condition : from.and(condition, " < ");
        condition = last == null ? condition : last.and(condition, " >= ");
        List<Conversation> found = newest(connection, condition, limit + 1);
        if (found.size() <= limit) {
            return new Page<>(found, last == null ? null : last.cursor());
        }
        return new Page<>(
                List.copyOf(found.subList(0, limit)),
                Place.of(found.get(limit - 1)).cursor());
    }

    /** Where a page that begins behind {@code from} stops looking; null if so many are not left. */
    private static @Nullable Place lastSearched(Connection connection, @Nullable Place from) throws SQLException {
        Condition all = new Condition("1 = 1", List.of());
        Condition behind = from == null ? all : from.and(all, " < ");
        String nth = " WHERE " + behind.sql() + NEWEST_FIRST + "1 OFFSET " + (SEARCHED - 1);
        try (PreparedStatement query = AuditQueries.prepare(
                        connection,
                        "SELECT * FROM (SELECT * FROM (SELECT * FROM " + PLACES_GROUPED + nth
                                + ") AS last_grouped UNION ALL SELECT * FROM (SELECT * FROM " + PLACES_ALONE + nth
                                + ") AS last_alone) AS last" + NEWEST_FIRST + 1,
                        twice(behind.values()));
                ResultSet row = query.executeQuery()) {
            return row.next()
                    ? new Place(row.getLong("updated_at"), row.getString("id"), row.getString("key_id"))
                    : null;
        }
    }

    /** One conversation; the one that went on last if several keys call theirs the same. */
    public Optional<Conversation> find(String id, @Nullable List<String> keys)
            throws DatabaseAwayException, SQLException, InterruptedException {
        writer.flush(FLUSH_MILLIS);
        Condition condition = ofKeys(keys).and("id = ?", id);
        return database.read(
                connection -> newest(connection, condition, 1).stream().findFirst());
    }

    /** The newest of those that were grouped and of the chats that stand alone. */
    private static List<Conversation> newest(Connection connection, Condition condition, int limit)
            throws SQLException {
        String newest = " WHERE " + condition.sql() + NEWEST_FIRST + limit;
        List<Conversation> found = new ArrayList<>();
        try (PreparedStatement query = AuditQueries.prepare(
                        connection,
                        "SELECT * FROM (SELECT * FROM (SELECT * FROM " + GROUPED + newest
                                + ") AS newest_grouped UNION ALL SELECT * FROM"
                                + " (SELECT * FROM " + ALONE + newest + ") AS newest_alone) AS newest" + NEWEST_FIRST
                                + limit,
                        twice(condition.values()));
                ResultSet row = query.executeQuery()) {
            while (row.next()) {
                found.add(new Conversation(
                        new Conversation.Id(row.getString("id"), row.getString("key_id")),
                        row.getString("user_name"),
                        row.getString("model"),
                        row.getString("title"),
                        row.getInt("alone") != 0,
                        row.getLong("requests"),
                        row.getLong("created_at"),
                        row.getLong("updated_at")));
            }
        }
        return found;
    }

    private static List<Object> twice(List<Object> values) {
        List<Object> all = new ArrayList<>(values);
        all.addAll(values);
        return all;
    }

    /**
     * The records of a conversation with their bodies, the oldest first: of a long one the last.
     *
     * @param maxChars as much of bodies as that, roughly
     */
    public List<AuditEntry> entriesOf(Conversation conversation, int limit, long maxChars)
            throws DatabaseAwayException, SQLException {
        Conversation.Id id = conversation.id();
        Condition condition = new Condition(
                (conversation.alone()
                                ? "request_id = ? AND title IS NOT NULL"
                                : "conversation = ? AND conversation <> ''")
                        + " AND key_id = ?",
                List.of(id.name(), id.keyId()));
        return database.read(connection -> AuditQueries.withBodies(connection, condition, limit, maxChars));
    }
}

package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditReader.Part;
import dev.weir.pipeline.audit.AuditSearch.Condition;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds conversations in what has the columns of their table. Inside of one transaction; blocks.
 *
 * @param conversations what they are selected from
 * @param places the same, with nothing but places in the order, which an index alone tells
 * @param dialect what is said otherwise on each database
 */
record ConversationSelect(String conversations, String places, Dialect dialect) {
    /** How names are compared byte by byte, and a text is looked for. */
    enum Dialect {
        SQLITE("", AuditSearch.LIKE),
        POSTGRESQL(" COLLATE \"C\"", AuditSearch.ILIKE);

        private final String place;
        private final String newestFirst;
        private final String like;

        Dialect(String bytes, String like) {
            this.place = "(updated_at, id" + bytes + ", key_id" + bytes + ")";
            this.newestFirst = " ORDER BY updated_at DESC, id" + bytes + " DESC, key_id" + bytes + " DESC LIMIT ";
            this.like = like;
        }
    }

    /** Those that their senders have named. */
    static ConversationSelect grouped(Dialect dialect) {
        return new ConversationSelect(
                "(SELECT id, key_id, user_name, model, title, requests, created_at, updated_at,"
                        + " 0 AS alone FROM conversations) AS grouped",
                "(SELECT updated_at, id, key_id FROM conversations) AS places_grouped",
                dialect);
    }

    /** Chats whose senders say nothing of one, where each record has a row. */
    static final ConversationSelect ALONE = new ConversationSelect(
            "(SELECT request_id AS id, key_id, user_name, model, title, 1 AS requests,"
                    + " time AS created_at, time AS updated_at, 1 AS alone FROM audit"
                    + " WHERE title IS NOT NULL AND status BETWEEN 200 AND 299) AS alone",
            "(SELECT time AS updated_at, request_id AS id, key_id FROM audit WHERE title IS NOT NULL) AS places_alone",
            Dialect.POSTGRESQL);

    /** Some of them behind {@code from}, if there is one, those that went on last first. */
    Part newest(Connection connection, Search search, int limit, Conversation.@Nullable Place from)
            throws SQLException {
        Condition behind = new Condition("1 = 1", List.of());
        behind = from == null ? behind : and(behind, " < ", from);
        Conversation.Place last = search.mayFindFew() ? lastSearched(connection, behind) : null;
        Condition condition = behind.and(search.condition(dialect.like));
        condition = last == null ? condition : and(condition, " >= ", last);
        List<Conversation> found = new ArrayList<>();
        try (PreparedStatement query = condition.prepare(
                        connection, "SELECT * FROM " + conversations + " WHERE ", dialect.newestFirst + limit);
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
        return new Part(found, last);
    }

    private Condition and(Condition condition, String comparison, Conversation.Place place) {
        return condition.and(
                dialect.place + comparison + "(?, ?, ?)", place.updatedAtMillis(), place.id(), place.keyId());
    }

    /** Where a page stops looking; null if so many are not left. */
    private Conversation.@Nullable Place lastSearched(Connection connection, Condition behind) throws SQLException {
        try (PreparedStatement query = behind.prepare(
                        connection,
                        "SELECT * FROM " + places + " WHERE ",
                        dialect.newestFirst + "1 OFFSET " + (ConversationQueries.SEARCHED - 1));
                ResultSet row = query.executeQuery()) {
            return row.next()
                    ? new Conversation.Place(row.getLong("updated_at"), row.getString("id"), row.getString("key_id"))
                    : null;
        }
    }
}

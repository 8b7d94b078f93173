package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditColumns.Values;
import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.AuditSearch.Condition;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads records out of a table with a row for each, as PostgreSQL holds them. */
final class TableReader implements AuditReader {
    private static final String ORDER = " ORDER BY time DESC, id DESC LIMIT ";
    private static final String COLUMNS =
            "id, " + String.join(", ", AuditColumns.ALL.subList(0, AuditColumns.ALL.size() - 2));
    private static final String BODIES = ", request_body, response_body";
    private static final String NO_BODIES = ", NULL AS request_body, NULL AS response_body";

    /** Not all bodies at once. */
    private static final int FETCH = 10;

    @Override
    public Page<AuditEntry> list(Connection connection, AuditSearch search, int limit, @Nullable Place from)
            throws SQLException {
        Condition condition = search.condition();
        condition = from == null ? condition : condition.and("(time, id) < (?, ?)", from.timeMillis(), from.id());
        return search.text().isEmpty()
                ? page(connection, condition, limit, null)
                : search(connection, search, condition, limit);
    }

    /** Looks through so many records that it ends, and says where to go on. */
    private static Page<AuditEntry> search(Connection connection, AuditSearch search, Condition condition, int limit)
            throws SQLException {
        Place last = null;
        try (PreparedStatement query = condition.prepare(
                        connection,
                        "SELECT time, id FROM audit WHERE ",
                        ORDER + "1 OFFSET " + (AuditSearch.SEARCHED - 1));
                ResultSet row = query.executeQuery()) {
            last = row.next() ? new Place(row.getLong("time"), row.getLong("id")) : null;
        }
        Condition bounded =
                last == null ? condition : condition.and("(time, id) >= (?, ?)", last.timeMillis(), last.id());
        return page(connection, search.withText(bounded), limit, last);
    }

    private static Page<AuditEntry> page(Connection connection, Condition condition, int limit, @Nullable Place last)
            throws SQLException {
        List<AuditEntry> found = new ArrayList<>();
        Place place = null;
        try (PreparedStatement query = condition.prepare(
                        connection, "SELECT " + COLUMNS + NO_BODIES + " FROM audit WHERE ", ORDER + (limit + 1));
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                if (found.size() == limit && place != null) {
                    return new Page<>(found, place.cursor());
                }
                AuditRow row = row(rows);
                place = Place.of(row);
                found.add(row.entry());
            }
        }
        return new Page<>(found, last == null ? null : last.cursor());
    }

    @Override
    public Optional<AuditEntry> find(Connection connection, String requestId) throws SQLException {
        Condition condition = new Condition("request_id = ?", List.of(requestId));
        return withBodies(connection, condition, 1, Long.MAX_VALUE).stream().findFirst();
    }

    @Override
    public Part alone(Connection connection, Search search, int limit, Conversation.@Nullable Place from)
            throws SQLException {
        return ConversationSelect.ALONE.newest(connection, search, limit, from);
    }

    @Override
    public List<AuditEntry> entriesOf(Connection connection, Conversation conversation, int limit, long maxBytes)
            throws SQLException {
        Conversation.Id id = conversation.id();
        Condition condition = new Condition(
                (conversation.alone()
                                ? "request_id = ? AND title IS NOT NULL"
                                : "conversation = ? AND conversation <> ''")
                        + " AND key_id = ?",
                List.of(id.name(), id.keyId()));
        List<AuditEntry> entries = withBodies(connection, condition, limit, maxBytes);
        Collections.reverse(entries);
        return entries;
    }

    /** The newest first; no more of them than bodies make up {@code maxBytes}, roughly. */
    private static List<AuditEntry> withBodies(Connection connection, Condition condition, int limit, long maxBytes)
            throws SQLException {
        List<AuditEntry> entries = new ArrayList<>();
        try (PreparedStatement query =
                condition.prepare(connection, "SELECT " + COLUMNS + BODIES + " FROM audit WHERE ", ORDER + limit)) {
            query.setFetchSize(FETCH);
            long bytes = 0;
            try (ResultSet rows = query.executeQuery()) {
                while (bytes < maxBytes && rows.next()) {
                    AuditEntry entry = row(rows).entry();
                    bytes += entry.bodyBytes();
                    entries.add(entry);
                }
            }
        }
        return entries;
    }

    private static AuditRow row(ResultSet row) throws SQLException {
        return AuditColumns.row(row.getLong("id"), new Values<SQLException>() {
            @Override
            public @Nullable String text(String column) throws SQLException {
                return row.getString(column);
            }

            @Override
            public long number(String column) throws SQLException {
                return row.getLong(column);
            }
        });
    }
}

package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Database.Kind;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads records as one kind of database holds them. Inside of one transaction; blocks. */
interface AuditReader {
    static AuditReader of(Database database) {
        return database.kind() == Kind.POSTGRESQL ? new TableReader() : new PageReader();
    }

    /** A record's place in the order: the newest first, among those of one moment the one written last. */
    record Place(long timeMillis, long id) {
        static Place read(String cursor) {
            List<String> parts = Cursor.read(cursor, 2);
            return new Place(Cursor.number(parts.get(0)), Cursor.number(parts.get(1)));
        }

        static Place of(AuditRow row) {
            return new Place(row.entry().timeMillis(), row.sequence());
        }

        String cursor() {
            return Cursor.of(timeMillis, id);
        }

        boolean isBefore(Place other) {
            return timeMillis < other.timeMillis || (timeMillis == other.timeMillis && id < other.id);
        }
    }

    /**
     * Some of the conversations there are, those that went on last first.
     *
     * @param searchedTo up to where was looked, that place included; null for all there are
     */
    record Part(List<Conversation> rows, Conversation.@Nullable Place searchedTo) {}

    /** Records without their bodies, behind {@code from} if there is one. */
    Page<AuditEntry> list(Connection connection, AuditSearch search, int limit, @Nullable Place from)
            throws SQLException;

    /** The newest record of this id, with its bodies. */
    Optional<AuditEntry> find(Connection connection, String requestId) throws SQLException;

    /** Chats whose senders say nothing of a conversation, behind {@code from} if there is one. */
    Part alone(Connection connection, Search search, int limit, Conversation.@Nullable Place from) throws SQLException;

    /**
     * Records of a conversation with their bodies, the oldest first: of many the last.
     *
     * @param maxBytes as much of bodies as that, roughly
     */
    List<AuditEntry> entriesOf(Connection connection, Conversation conversation, int limit, long maxBytes)
            throws SQLException;
}

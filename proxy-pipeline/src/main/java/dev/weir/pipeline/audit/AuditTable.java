package dev.weir.pipeline.audit;

import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Database.Kind;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes rows into the database, each once: a transaction that writes rows also notes the last one's number, and rows up to the
 * one noted before are passed over. So whoever does not know whether a transaction was committed repeats it. Blocks.
 */
final class AuditTable {
    private static final Logger LOG = LoggerFactory.getLogger(AuditTable.class);

    private static final int SQLITE_ERROR = 1;

    private final Database database;
    private final @Nullable AuditPartitions partitions;

    AuditTable(Database database) {
        this.database = database;
        this.partitions = database.kind() == Kind.POSTGRESQL ? new AuditPartitions(database) : null;
    }

    /**
     * Writes what is not written yet. A row that the database does not take is left out and told to the log.
     *
     * @throws DatabaseAwayException if it is not known whether rows were written, or none can be now: repeat it
     */
    Written write(String writer, List<StoredRow> rows) throws DatabaseAwayException {
        Written written = writeWhatItTakes(writer, rows);
        if (written.refused() > 0) {
            settle(writer, rows.get(rows.size() - 1).sequence());
        }
        return written;
    }

    /** The writer has come so far, also if the last row is a refused one: nobody is to count that as lost once more. */
    private void settle(String writer, long sequence) throws DatabaseAwayException {
        try {
            database.<Boolean>write(connection -> {
                boolean behind = lock(connection, writer) < sequence;
                if (behind) {
                    note(connection, writer, sequence);
                }
                return behind;
            });
        } catch (SQLException e) {
            LOG.warn("how far the audit came could not be noted: {}", e.toString());
        }
    }

    private Written writeWhatItTakes(String writer, List<StoredRow> rows) throws DatabaseAwayException {
        try {
            return new Written(writeAll(writer, rows), 0);
        } catch (SQLException e) {
            if (partitions != null) {
                partitions.forget();
            }
        }
        try {
            return new Written(writeAll(writer, rows), 0);
        } catch (SQLException e) {
            if (isOfTheTable(e)) {
                throw new DatabaseAwayException("the audit's tables are not as they should be: " + e.getMessage(), e);
            }
            if (rows.size() == 1) {
                LOG.error("the audit record of request {} is refused", requestId(rows.get(0)), e);
                return new Written(0, 1);
            }
        }
        int half = rows.size() / 2;
        return writeWhatItTakes(writer, rows.subList(0, half))
                .and(writeWhatItTakes(writer, rows.subList(half, rows.size())));
    }

    private static String requestId(StoredRow row) {
        try {
            return PageJson.row(row.sequence(), row.json()).entry().requestId();
        } catch (IOException e) {
            LOG.debug("a row that cannot be read", e);
            return "(unknown)";
        }
    }

    /** Whether no row can be written, because a table or a column is missing: SQLSTATE 42 of PostgreSQL, SQLITE_ERROR. */
    private static boolean isOfTheTable(SQLException failure) {
        String state = failure.getSQLState();
        return state == null ? failure.getErrorCode() == SQLITE_ERROR : state.startsWith("42");
    }

    /** How many rows are new in the database, and how many it does not take. */
    record Written(int rows, int refused) {
        Written and(Written more) {
            return new Written(rows + more.rows, refused + more.refused);
        }
    }

    private int writeAll(String writer, List<StoredRow> rows) throws DatabaseAwayException, SQLException {
        if (partitions != null) {
            partitions.ensure(rows);
        }
        return database.<Integer>write(connection -> {
            long written = lock(connection, writer);
            int from = 0;
            while (from < rows.size() && rows.get(from).sequence() <= written) {
                from++;
            }
            List<StoredRow> fresh = rows.subList(from, rows.size());
            if (!fresh.isEmpty()) {
                insert(connection, fresh);
                converse(connection, fresh);
                note(connection, writer, fresh.get(fresh.size() - 1).sequence());
            }
            return fresh.size();
        });
    }

    /** The last row's number, with a lock until the end of the transaction. */
    private static long lock(Connection connection, String writer) throws SQLException {
        try (PreparedStatement make =
                connection.prepareStatement("INSERT INTO audit_writers (writer, sequence, updated_at) VALUES (?, 0, ?)"
                        + " ON CONFLICT (writer) DO UPDATE SET updated_at = excluded.updated_at RETURNING sequence")) {
            make.setString(1, writer);
            make.setLong(2, System.currentTimeMillis());
            try (ResultSet row = make.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    private static long sequence(Connection connection, String writer) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT sequence FROM audit_writers WHERE writer = ?")) {
            query.setString(1, writer);
            try (ResultSet rows = query.executeQuery()) {
                return rows.next() ? rows.getLong(1) : 0;
            }
        }
    }

    /** The number of the last row that {@code writer} has written; 0 for none. */
    long sequence(String writer) throws DatabaseAwayException, SQLException {
        return database.<Long>read(connection -> sequence(connection, writer));
    }

    private void insert(Connection connection, List<StoredRow> rows) throws SQLException {
        if (partitions != null) {
            CopyRows.copy(connection, rows);
        } else {
            AuditPages.insert(connection, rows);
        }
    }

    private static void note(Connection connection, String writer, long sequence) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement("UPDATE audit_writers SET sequence = ? WHERE writer = ?")) {
            update.setLong(1, sequence);
            update.setString(2, writer);
            update.executeUpdate();
        }
    }

    /** The conversations that rows belong to; always in one order, so that two instances never wait for each other. */
    private static void converse(Connection connection, List<StoredRow> rows) throws SQLException {
        Map<Conversation.Id, Conversation> conversations = new TreeMap<>();
        for (StoredRow row : rows) {
            Conversation one = row.conversation();
            if (one != null) {
                conversations.merge(one.id(), one, Conversation::and);
            }
        }
        if (conversations.isEmpty()) {
            return;
        }
        try (PreparedStatement upsert = connection.prepareStatement(
                "INSERT INTO conversations (id, key_id, user_name, model, title, requests, created_at, updated_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, key_id) DO UPDATE SET"
                        + " user_name = excluded.user_name, model = excluded.model,"
                        + " title = CASE WHEN conversations.title = '' THEN excluded.title ELSE conversations.title END,"
                        + " requests = conversations.requests + excluded.requests,"
                        + " created_at = CASE WHEN excluded.created_at < conversations.created_at"
                        + " THEN excluded.created_at ELSE conversations.created_at END,"
                        + " updated_at = CASE WHEN excluded.updated_at > conversations.updated_at"
                        + " THEN excluded.updated_at ELSE conversations.updated_at END")) {
            for (Conversation one : conversations.values()) {
                upsert.setString(1, one.id().name());
                upsert.setString(2, one.id().keyId());
                upsert.setString(3, one.user());
                upsert.setString(4, one.model());
                upsert.setString(5, one.title());
                upsert.setLong(6, one.requests());
                upsert.setLong(7, one.createdAtMillis());
                upsert.setLong(8, one.updatedAtMillis());
                upsert.addBatch();
            }
            upsert.executeBatch();
        }
    }
}

package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditReader.Place;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Database.Kind;
import dev.weir.pipeline.store.Database.Work;
import dev.weir.pipeline.store.DatabaseAwayException;
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

    private final Database database;
    private final AuditWriter writer;
    private final AuditReader reader;

    public AuditQueries(Database database, AuditWriter writer) {
        this.database = database;
        this.writer = writer;
        this.reader = AuditReader.of(database);
    }

    /**
     * A part of a list.
     *
     * @param nextCursor where it goes on; null at its end. A page of a search may hold less than asked for, or nothing, and
     *     go on all the same
     */
    public record Page<T>(List<T> rows, @Nullable String nextCursor) {}

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
        Place from = cursor == null ? null : Place.read(cursor);
        Work<Page<AuditEntry>> list = connection -> reader.list(connection, search, limit, from);
        return database.kind() == Kind.POSTGRESQL && search.text().isEmpty()
                ? database.read(list)
                : database.scan(SEARCH_MILLIS, list);
    }

    /** One record with its bodies; the newest if clients have chosen the same id for several. */
    public Optional<AuditEntry> find(String requestId)
            throws DatabaseAwayException, SQLException, InterruptedException {
        writer.flush(FLUSH_MILLIS);
        return database.scan(SEARCH_MILLIS, connection -> reader.find(connection, requestId));
    }
}

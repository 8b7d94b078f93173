package dev.weir.pipeline.audit;

import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Database.Kind;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what is out of time: on PostgreSQL whole days, on SQLite pages, some of them in each transaction, as what is small on
 * both, so that those who write wait for a moment only. Blocks; for one thread at a time.
 */
final class AuditRetention {
    private static final Logger LOG = LoggerFactory.getLogger(AuditRetention.class);
    private static final int SLICE = 500;

    /** Of the audit, half a megabyte each. */
    private static final int PAGES = 20;

    private static final int DAYS_AHEAD = 2;

    private final Database database;
    private final AuditPartitions partitions;

    AuditRetention(Database database) {
        this.database = database;
        this.partitions = new AuditPartitions(database);
    }

    /** Removes what is older than that. What cannot be done now is done next time. */
    void removeOlderThan(long retentionMillis) {
        long nowMillis = System.currentTimeMillis();
        long before = nowMillis - retentionMillis;
        try {
            if (database.kind() == Kind.POSTGRESQL) {
                for (int i = 0; i <= DAYS_AHEAD; i++) {
                    partitions.ensure(nowMillis / AuditPartitions.DAY_MILLIS + i);
                }
                partitions.dropBefore(before);
            } else {
                inSlices(
                        "DELETE FROM audit_pages WHERE id IN"
                                + " (SELECT id FROM audit_pages WHERE last_time < ? ORDER BY last_time LIMIT ?)",
                        before,
                        PAGES);
            }
            inSlices(
                    "DELETE FROM conversations WHERE (id, key_id) IN"
                            + " (SELECT id, key_id FROM conversations WHERE updated_at < ? ORDER BY updated_at LIMIT ?)",
                    before,
                    SLICE);
            inSlices(
                    "DELETE FROM audit_writers WHERE writer IN"
                            + " (SELECT writer FROM audit_writers WHERE updated_at < ? LIMIT ?)",
                    before - 30 * AuditPartitions.DAY_MILLIS,
                    SLICE);
        } catch (DatabaseAwayException e) {
            LOG.debug("old audit records stay for now: {}", e.getMessage());
        } catch (SQLException e) {
            LOG.warn("old audit records cannot be removed: {}", e.toString());
        }
    }

    /** Brings what earlier versions have left into the shape of this one. What cannot be done now is done next time. */
    void bringUpToDate() {
        if (database.kind() == Kind.POSTGRESQL) {
            return;
        }
        try {
            int done = PAGES;
            while (done == PAGES && !Thread.currentThread().isInterrupted()) {
                done = database.<Integer>write(connection -> AuditPages.addTerms(connection, PAGES));
            }
        } catch (DatabaseAwayException | SQLException e) {
            LOG.warn("pages of the audit stay as an earlier version has written them: {}", e.toString());
        }
    }

    private void inSlices(String delete, long before, int slice) throws DatabaseAwayException, SQLException {
        int removed = slice;
        while (removed == slice && !Thread.currentThread().isInterrupted()) {
            removed = database.<Integer>write(connection -> {
                if (database.kind() == Kind.POSTGRESQL && !AuditPartitions.tryLock(connection)) {
                    return 0;
                }
                try (PreparedStatement statement = connection.prepareStatement(delete)) {
                    statement.setLong(1, before);
                    statement.setInt(2, slice);
                    return statement.executeUpdate();
                }
            });
        }
    }
}

package dev.weir.pipeline.auth;

import dev.weir.core.Services;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.store.Repeated;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes when keys were used, to the minute, and writes it in batches. While the database is away, or when too many keys are
 * used at once, some are forgotten: it is for people who look for keys nobody uses. Any thread.
 */
final class LastUses implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LastUses.class);
    private static final long WRITE_MILLIS = 60_000;
    private static final int MAX_KEYS = 50_000;
    private static final int KEYS_PER_TRANSACTION = 1_000;

    private final Database database;
    private final Map<String, Long> uses = new ConcurrentHashMap<>();
    private final Repeated writing;

    static LastUses of(Services services) {
        return services.shared(LastUses.class, () -> new LastUses(services));
    }

    private LastUses(Services services) {
        database = services.shared(Database.class);
        writing = new Repeated(services.background(), WRITE_MILLIS, database, this::write);
    }

    /** Notes that a key is used now: one look into a map, after the first time in a minute. */
    void note(String keyId) {
        if (!uses.containsKey(keyId) && uses.size() < MAX_KEYS) {
            uses.put(keyId, System.currentTimeMillis());
        }
    }

    private void write() {
        // In the same order everywhere: instances that write the same keys never wait for each other in a circle.
        List<String> ids = uses.keySet().stream().sorted().toList();
        try {
            for (int from = 0; from < ids.size(); from += KEYS_PER_TRANSACTION) {
                write(ids.subList(from, Math.min(ids.size(), from + KEYS_PER_TRANSACTION)));
            }
        } catch (DatabaseAwayException away) {
            LOG.debug("when keys were used is not noted: {}", away.getMessage());
        } catch (SQLException e) {
            LOG.warn("when keys were used cannot be noted: {}", e.toString());
        }
    }

    private void write(List<String> ids) throws DatabaseAwayException, SQLException {
        database.write(connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("UPDATE api_keys SET last_used_at = ? WHERE id = ?")) {
                for (String id : ids) {
                    Long millis = uses.remove(id);
                    if (millis != null) {
                        statement.setLong(1, millis);
                        statement.setString(2, id);
                        statement.addBatch();
                    }
                }
                return statement.executeBatch().length;
            }
        });
    }

    @Override
    public void close() {
        writing.close();
        write();
    }
}

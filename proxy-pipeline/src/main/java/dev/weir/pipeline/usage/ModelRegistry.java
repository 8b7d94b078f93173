package dev.weir.pipeline.usage;

import dev.weir.core.Services;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.store.Repeated;
import dev.weir.pipeline.usage.RegisteredModel.Details;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the models that clients can ask for, and keeps the table of them true: whoever knows the backends says what is offered
 * and what it is. A model nobody offers any more stays in the table as {@code gone}. Instances write the same rows; the last
 * one wins. Any thread; only {@link #flush} blocks.
 */
public final class ModelRegistry implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelRegistry.class);
    private static final int MAX_MODELS = 10_000;
    private static final long FLUSH_MILLIS = 2_000;

    /** How often a model that has not changed is said to be there still. */
    private static final long SEEN_MILLIS = 60_000;

    /** Not seen for so long by any instance, a model is gone. */
    private static final long GONE_MILLIS = 600_000;

    private static final String PUT = """
            INSERT INTO models (name, source, description, family, parameter_size, quantization, size_bytes, backends,
                status, last_seen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'available', ?)
            ON CONFLICT (name) DO UPDATE SET
                source = excluded.source,
                description = excluded.description,
                family = CASE WHEN excluded.family = '' THEN models.family ELSE excluded.family END,
                parameter_size = CASE WHEN excluded.parameter_size = '' THEN models.parameter_size
                    ELSE excluded.parameter_size END,
                quantization = CASE WHEN excluded.quantization = '' THEN models.quantization
                    ELSE excluded.quantization END,
                size_bytes = CASE WHEN excluded.size_bytes = 0 THEN models.size_bytes ELSE excluded.size_bytes END,
                backends = excluded.backends,
                status = excluded.status,
                last_seen_at = excluded.last_seen_at""";

    private static final String GONE = "UPDATE models SET status = 'gone' WHERE status <> 'gone' AND last_seen_at < ?";

    private final Database database;
    private final @Nullable Repeated flushing;
    private volatile Map<String, RegisteredModel> offered = Map.of();
    private volatile Map<String, Details> details = Map.of();

    /** What the table says already; guarded by this. */
    private Map<String, RegisteredModel> written = Map.of();

    private long writtenMillis;

    /** The one of this process. */
    public static ModelRegistry of(Services services) {
        return services.shared(ModelRegistry.class, () -> new ModelRegistry(services.shared(Database.class), services));
    }

    ModelRegistry(Database database, @Nullable Services services) {
        this.database = database;
        this.flushing = services == null
                ? null
                : new Repeated(services.background(), FLUSH_MILLIS, database, () -> flush(System.currentTimeMillis()));
    }

    /** These models can be asked for now, and no others. */
    public void offered(Collection<RegisteredModel> models) {
        Map<String, RegisteredModel> next = new TreeMap<>();
        for (RegisteredModel model : models) {
            if (next.size() < MAX_MODELS) {
                next.put(model.name(), model);
            }
        }
        offered = next;
    }

    /** What backends say of models, by the names clients ask for; replaces what was said before. */
    public void describe(Map<String, Details> said) {
        details = Map.copyOf(said);
    }

    /** The models that can be asked for now, by name. From memory. */
    public List<RegisteredModel> models() {
        return offered.values().stream().map(this::described).toList();
    }

    /** What is known of {@code name}, or null if it cannot be asked for. From memory. */
    public @Nullable RegisteredModel find(String name) {
        RegisteredModel model = offered.get(name);
        return model == null ? null : described(model);
    }

    private RegisteredModel described(RegisteredModel model) {
        return model.with(details.getOrDefault(model.name(), model.details()));
    }

    /** Brings the table up to date, if the database is there. Blocks. */
    synchronized void flush(long nowMillis) {
        Map<String, RegisteredModel> now = new TreeMap<>();
        models().forEach(model -> now.put(model.name(), model));
        boolean due = nowMillis - writtenMillis >= SEEN_MILLIS;
        if (!due && now.equals(written)) {
            return;
        }
        try {
            database.write(connection -> {
                put(connection, now.values(), nowMillis);
                return gone(connection, nowMillis - GONE_MILLIS);
            });
            written = now;
            writtenMillis = nowMillis;
        } catch (DatabaseAwayException away) {
            LOG.debug("models are written later: {}", away.getMessage());
        } catch (SQLException e) {
            LOG.warn("the table of models could not be written, trying again: {}", e.toString());
        }
    }

    private static void put(Connection connection, Collection<RegisteredModel> models, long nowMillis)
            throws SQLException {
        if (models.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(PUT)) {
            for (RegisteredModel model : models) {
                Details said = model.details();
                statement.setString(1, model.name());
                statement.setString(2, model.source().name().toLowerCase(Locale.ROOT));
                statement.setString(3, model.description());
                statement.setString(4, said.family());
                statement.setString(5, said.parameterSize());
                statement.setString(6, said.quantization());
                statement.setLong(7, said.sizeBytes());
                statement.setString(8, String.join(",", model.backends()));
                statement.setLong(9, nowMillis);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static int gone(Connection connection, long beforeMillis) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(GONE)) {
            statement.setLong(1, beforeMillis);
            return statement.executeUpdate();
        }
    }

    @Override
    public void close() {
        if (flushing != null) {
            flushing.close();
        }
    }
}

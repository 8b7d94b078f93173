package dev.weir.pipeline.usage;

import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The tables that keep usage. Blocks. */
final class UsageTable {
    private static final long MARKS_KEPT_MILLIS = TimeUnit.DAYS.toMillis(7);

    /** Changes nothing if a batch of this number, or a later one, was added already. */
    private static final String MARK = """
            INSERT INTO usage_flushes (instance, sequence, flushed_at) VALUES (?, ?, ?)
            ON CONFLICT (instance) DO UPDATE SET sequence = excluded.sequence, flushed_at = excluded.flushed_at
            WHERE usage_flushes.sequence < excluded.sequence""";

    private static final String ADD = """
            INSERT INTO usage_daily (day, key_id, model, backend, key_name, requests, prompt_tokens, completion_tokens,
                cached_tokens, estimated, errors, aborted, cache_hits, cost)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (day, key_id, model, backend) DO UPDATE SET
                key_name = excluded.key_name,
                requests = usage_daily.requests + excluded.requests,
                prompt_tokens = usage_daily.prompt_tokens + excluded.prompt_tokens,
                completion_tokens = usage_daily.completion_tokens + excluded.completion_tokens,
                cached_tokens = usage_daily.cached_tokens + excluded.cached_tokens,
                estimated = usage_daily.estimated + excluded.estimated,
                errors = usage_daily.errors + excluded.errors,
                aborted = usage_daily.aborted + excluded.aborted,
                cache_hits = usage_daily.cache_hits + excluded.cache_hits,
                cost = usage_daily.cost + excluded.cost""";

    private static final String ADD_STATISTICS = """
            INSERT INTO model_statistics (model, requests, errors, prompt_tokens, completion_tokens, answered,
                total_millis, first_byte_millis, last_used_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (model) DO UPDATE SET
                requests = model_statistics.requests + excluded.requests,
                errors = model_statistics.errors + excluded.errors,
                prompt_tokens = model_statistics.prompt_tokens + excluded.prompt_tokens,
                completion_tokens = model_statistics.completion_tokens + excluded.completion_tokens,
                answered = model_statistics.answered + excluded.answered,
                total_millis = model_statistics.total_millis + excluded.total_millis,
                first_byte_millis = model_statistics.first_byte_millis + excluded.first_byte_millis,
                last_used_at = excluded.last_used_at""";

    private final Database database;
    private final String instance;

    /** @param instance who adds: names one process */
    UsageTable(Database database, String instance) {
        this.database = database;
        this.instance = instance;
    }

    /** Adds {@code batch}, unless that was done before: all of it or nothing. */
    void add(UsageBatch batch) throws DatabaseAwayException, SQLException {
        database.write(connection -> {
            if (mark(connection, batch.sequence())) {
                addRows(connection, batch);
                addStatistics(connection, batch);
            }
            return true;
        });
    }

    private boolean mark(Connection connection, long sequence) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(MARK)) {
            statement.setString(1, instance);
            statement.setLong(2, sequence);
            statement.setLong(3, System.currentTimeMillis());
            return statement.executeUpdate() > 0;
        }
    }

    private static void addRows(Connection connection, UsageBatch batch) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ADD)) {
            for (Map.Entry<UsageKey, UsageCounts> row : batch.rows().entrySet()) {
                UsageKey key = row.getKey();
                UsageCounts counts = row.getValue();
                int column = 0;
                statement.setString(++column, key.day().toString());
                statement.setString(++column, key.keyId());
                statement.setString(++column, key.model());
                statement.setString(++column, key.backend());
                statement.setString(++column, counts.keyName());
                statement.setLong(++column, counts.requests());
                statement.setLong(++column, counts.promptTokens());
                statement.setLong(++column, counts.completionTokens());
                statement.setLong(++column, counts.cachedTokens());
                statement.setLong(++column, counts.estimated());
                statement.setLong(++column, counts.errors());
                statement.setLong(++column, counts.aborted());
                statement.setLong(++column, counts.cacheHits());
                statement.setDouble(++column, counts.cost());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void addStatistics(Connection connection, UsageBatch batch) throws SQLException {
        Map<String, ModelStatistics> models = new TreeMap<>();
        batch.rows().forEach((key, counts) -> {
            if (!key.model().isEmpty()) {
                models.merge(key.model(), ModelStatistics.of(key.model(), counts), ModelStatistics::plus);
            }
        });
        if (models.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(ADD_STATISTICS)) {
            for (ModelStatistics model : models.values()) {
                statement.setString(1, model.model());
                statement.setLong(2, model.requests());
                statement.setLong(3, model.errors());
                statement.setLong(4, model.promptTokens());
                statement.setLong(5, model.completionTokens());
                statement.setLong(6, model.answered());
                statement.setLong(7, model.totalMillis());
                statement.setLong(8, model.firstByteMillis());
                statement.setLong(9, model.lastUsedMillis());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /** Forgets the marks of processes that are long gone. */
    void forgetOldMarks() throws DatabaseAwayException, SQLException {
        database.write(connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("DELETE FROM usage_flushes WHERE flushed_at < ? AND instance <> ?")) {
                statement.setLong(1, System.currentTimeMillis() - MARKS_KEPT_MILLIS);
                statement.setString(2, instance);
                return statement.executeUpdate();
            }
        });
    }
}

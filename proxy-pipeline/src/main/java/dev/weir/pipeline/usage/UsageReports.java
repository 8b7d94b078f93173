package dev.weir.pipeline.usage;

import dev.weir.core.Services;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.usage.UsageQuery.Group;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads what was used. What this process knows is written first, so that its own answers are in. Blocks; any thread. */
public final class UsageReports {
    /** Of a report; more are left out. */
    public static final int MAX_LINES = 10_000;

    private static final long TIMEOUT_MILLIS = 30_000;
    private static final String SUMS = "SUM(requests), SUM(prompt_tokens), SUM(completion_tokens), SUM(cached_tokens), "
            + "SUM(estimated), SUM(errors), SUM(aborted), SUM(cache_hits), SUM(cost)";

    /** A key's name now, or the last one known of it. */
    private static final String KEY_NAME =
            "COALESCE((SELECT name FROM api_keys WHERE api_keys.id = usage_daily.key_id), MAX(key_name))";

    private static final String STATISTICS = """
            SELECT model, requests, errors, prompt_tokens, completion_tokens, answered, total_millis, first_byte_millis,
                last_used_at
            FROM model_statistics ORDER BY model LIMIT\s""" + MAX_LINES;

    private final Database database;
    private final UsageRecorder recorder;

    /** Those of this process's database. */
    public static UsageReports of(Services services) {
        return new UsageReports(services.shared(Database.class), UsageRecorder.of(services));
    }

    UsageReports(Database database, UsageRecorder recorder) {
        this.database = database;
        this.recorder = recorder;
    }

    /** The lines {@code query} asks for, in the order of their columns: at most one more than {@link #MAX_LINES}. */
    public List<UsageLine> report(UsageQuery query) throws DatabaseAwayException, SQLException {
        recorder.flush();
        return database.scan(TIMEOUT_MILLIS, connection -> lines(connection, query));
    }

    private static List<UsageLine> lines(Connection connection, UsageQuery query) throws SQLException {
        List<UsageLine> lines = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql(query))) {
            statement.setString(1, query.from().toString());
            statement.setString(2, query.to().toString());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    UsageLine line = line(rows);
                    if (line.requests() > 0) {
                        lines.add(line);
                    }
                }
            }
        }
        return lines;
    }

    private static String sql(UsageQuery query) {
        String columns = Stream.of(Group.values())
                .map(group -> query.groupBy().contains(group) ? group.column() : "''")
                .collect(Collectors.joining(", "));
        String groups = Stream.of(Group.values())
                .filter(query.groupBy()::contains)
                .map(Group::column)
                .collect(Collectors.joining(", "));
        String name = query.groupBy().contains(Group.KEY) ? KEY_NAME : "''";
        String sql = "SELECT " + columns + ", " + name + ", " + SUMS + " FROM usage_daily WHERE day >= ? AND day <= ?";
        return groups.isEmpty()
                ? sql
                : sql + " GROUP BY " + groups + " ORDER BY " + groups + " LIMIT " + (MAX_LINES + 1);
    }

    private static UsageLine line(ResultSet row) throws SQLException {
        return new UsageLine(
                row.getString(1),
                row.getString(2),
                row.getString(5),
                row.getString(3),
                row.getString(4),
                row.getLong(6),
                row.getLong(7),
                row.getLong(8),
                row.getLong(9),
                row.getLong(10),
                row.getLong(11),
                row.getLong(12),
                row.getLong(13),
                row.getDouble(14));
    }

    /** What each model did, by name. */
    public List<ModelStatistics> statistics() throws DatabaseAwayException, SQLException {
        recorder.flush();
        return database.read(connection -> {
            List<ModelStatistics> statistics = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(STATISTICS);
                    ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    statistics.add(new ModelStatistics(
                            rows.getString(1),
                            rows.getLong(2),
                            rows.getLong(3),
                            rows.getLong(4),
                            rows.getLong(5),
                            rows.getLong(6),
                            rows.getLong(7),
                            rows.getLong(8),
                            rows.getLong(9)));
                }
            }
            return statistics;
        });
    }
}

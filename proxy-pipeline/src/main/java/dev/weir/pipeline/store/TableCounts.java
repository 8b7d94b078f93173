package dev.weir.pipeline.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts the rows of all tables that a query names. */
final class TableCounts {
    private TableCounts() {}

    /** @param names a query for the names of the tables */
    static SortedMap<String, Long> of(Connection connection, String names) throws SQLException {
        SortedMap<String, Long> counts = new TreeMap<>();
        try (Statement statement = connection.createStatement()) {
            for (String table : namesBy(statement, names)) {
                String quoted = '"' + table.replace("\"", "\"\"") + '"';
                try (ResultSet count = statement.executeQuery("SELECT count(*) FROM " + quoted)) {
                    count.next();
                    counts.put(table, count.getLong(1));
                }
            }
        }
        return counts;
    }

    private static List<String> namesBy(Statement statement, String query) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }
}

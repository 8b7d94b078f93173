package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditPages.Head;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;

/**
 * Looks through pages for the newest records of a kind. Pages may overlap in time, because a record is written when its exchange
 * is over and has the time at which that began: they are taken by their latest record, until no other page can hold a newer one
 * than those that were found. Inside of one transaction; blocks.
 *
 * @param fromMillis the first moment
 * @param toMillis the last
 * @param minStatus the least status
 * @param names of each of these, one at least is a name in the record
 * @param test what else is asked of a record
 * @param order the newest first
 * @param bodies whether bodies are read as well
 */
record PageScan(
        long fromMillis,
        long toMillis,
        int minStatus,
        List<List<String>> names,
        Predicate<AuditRow> test,
        Comparator<AuditRow> order,
        boolean bodies) {

    /**
     * What was found, in order.
     *
     * @param searchedTo all that is later than this was looked through; {@link Long#MIN_VALUE} for everything
     */
    record Found(List<AuditRow> rows, long searchedTo) {}

    /**
     * @param limit how many are wanted
     * @param maxSearched after so many records that were looked at, it may end without having found them
     */
    Found newest(Connection connection, int limit, int maxSearched) throws SQLException {
        PriorityQueue<AuditRow> found = new PriorityQueue<>(order.reversed());
        long searchedTo = Long.MIN_VALUE;
        try (PreparedStatement query = connection.prepareStatement("SELECT " + Head.COLUMNS
                + " FROM audit_pages WHERE last_time >= ? AND first_time <= ? AND max_status >= ?"
                + " ORDER BY last_time DESC, id DESC")) {
            query.setLong(1, fromMillis);
            query.setLong(2, toMillis);
            query.setInt(3, minStatus);
            int searched = 0;
            long previousTime = toMillis;
            try (ResultSet heads = query.executeQuery()) {
                while (heads.next()) {
                    Head head = Head.read(heads);
                    AuditRow last = found.size() < limit ? null : found.peek();
                    if (last != null && last.entry().timeMillis() > head.lastTime()) {
                        break;
                    }
                    // Whoever goes on there has to come further than this.
                    if (searched >= maxSearched && head.lastTime() < previousTime) {
                        searchedTo = head.lastTime();
                        break;
                    }
                    if (mayHold(head)) {
                        search(connection, head, found, limit);
                        searched += head.records();
                    }
                    previousTime = Math.min(previousTime, head.lastTime());
                }
            }
        }
        long end = searchedTo;
        List<AuditRow> rows = new ArrayList<>(found);
        rows.removeIf(row -> row.entry().timeMillis() <= end);
        rows.sort(order);
        return new Found(rows, searchedTo);
    }

    private boolean mayHold(Head head) {
        PageTerms terms = head.terms();
        return terms == null || names.stream().allMatch(any -> any.stream().anyMatch(terms::mayHold));
    }

    private void search(Connection connection, Head head, PriorityQueue<AuditRow> found, int limit)
            throws SQLException {
        try {
            PageJson.decode(AuditPages.rows(connection, head.id()), head.id(), bodies, row -> {
                long time = row.entry().timeMillis();
                if (time >= fromMillis && time <= toMillis && test.test(row)) {
                    found.add(row);
                    if (found.size() > limit) {
                        found.remove();
                    }
                }
            });
        } catch (IOException e) {
            throw new SQLException("page " + head.id() + " of the audit cannot be read: " + e.getMessage(), e);
        }
    }
}

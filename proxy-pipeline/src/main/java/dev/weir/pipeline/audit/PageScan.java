package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditPages.Head;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
 * @param bodies what becomes of bodies
 */
record PageScan(
        long fromMillis,
        long toMillis,
        int minStatus,
        List<List<String>> names,
        Predicate<AuditRow> test,
        Comparator<AuditRow> order,
        Bodies bodies) {
    private static final Logger LOG = LoggerFactory.getLogger(PageScan.class);

    /** Bodies cost time to read, and memory to keep. */
    enum Bodies {
        PASSED_OVER,
        TESTED,
        KEPT
    }

    /**
     * How much is wanted at most, and how much is looked at.
     *
     * @param records of those that are found, the newest
     * @param bytes as much of bodies as that, and the rest of the last one
     * @param searched after so many records that were looked at, a scan may end without having found them
     */
    record Bounds(int records, long bytes, int searched) {
        static Bounds of(int records) {
            return new Bounds(records, Long.MAX_VALUE, Integer.MAX_VALUE);
        }

        Bounds withBytes(long most) {
            return new Bounds(records, most, searched);
        }

        Bounds withSearched(int most) {
            return new Bounds(records, bytes, most);
        }
    }

    /**
     * What was found, in order.
     *
     * @param searchedTo all that is later than this was looked through; {@link Long#MIN_VALUE} for everything
     */
    record Found(List<AuditRow> rows, long searchedTo) {}

    /** Reads page after page, and leaves out, with a line in the log, what cannot be read. */
    Found newest(Connection connection, Bounds bounds) throws SQLException {
        Newest found = new Newest(order, bounds);
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
                    if (found.isFull() && found.oldestMillis() > head.lastTime()) {
                        break;
                    }
                    // Whoever goes on there has to come further than this.
                    if (searched >= bounds.searched && head.lastTime() < previousTime) {
                        searchedTo = head.lastTime();
                        break;
                    }
                    if (mayHold(head)) {
                        search(connection, head, found);
                        searched += head.records();
                    }
                    previousTime = Math.min(previousTime, head.lastTime());
                }
            }
        }
        return new Found(found.laterThan(searchedTo), searchedTo);
    }

    private boolean mayHold(Head head) {
        PageTerms terms = head.terms();
        return terms == null || names.stream().allMatch(any -> any.stream().anyMatch(terms::mayHold));
    }

    private void search(Connection connection, Head head, Newest found) throws SQLException {
        try {
            byte[] page = AuditPages.rows(connection, head.id());
            PageJson.decode(page, head.id(), bodies != Bodies.PASSED_OVER, row -> {
                long time = row.entry().timeMillis();
                if (time >= fromMillis && time <= toMillis && test.test(row)) {
                    found.add(bodies == Bodies.KEPT ? row : row.withoutBodies());
                }
            });
        } catch (IOException e) {
            // One that is damaged hides none of the others.
            LOG.error("page {} of the audit cannot be read", head.id(), e);
        }
    }

    /** The newest of what was found so far, within bounds. */
    private static final class Newest {
        private final Comparator<AuditRow> order;
        private final Bounds bounds;
        private final PriorityQueue<AuditRow> rows;
        private long bytes;

        Newest(Comparator<AuditRow> order, Bounds bounds) {
            this.order = order;
            this.bounds = bounds;
            this.rows = new PriorityQueue<>(order.reversed());
        }

        void add(AuditRow row) {
            rows.add(row);
            bytes += row.entry().bodyBytes();
            AuditRow oldest = rows.element();
            while (rows.size() > bounds.records
                    || (rows.size() > 1 && bytes - oldest.entry().bodyBytes() >= bounds.bytes)) {
                rows.remove();
                bytes -= oldest.entry().bodyBytes();
                oldest = rows.element();
            }
        }

        boolean isFull() {
            return rows.size() == bounds.records || bytes >= bounds.bytes;
        }

        long oldestMillis() {
            return rows.element().entry().timeMillis();
        }

        List<AuditRow> laterThan(long millis) {
            return rows.stream()
                    .filter(row -> row.entry().timeMillis() > millis)
                    .sorted(order)
                    .toList();
        }
    }
}

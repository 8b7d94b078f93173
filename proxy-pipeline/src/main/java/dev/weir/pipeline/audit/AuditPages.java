package dev.weir.pipeline.audit;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes records into pages, as SQLite holds them: hundreds in one row cost the processor a third of what a row and its
 * places in indexes for each would cost. Records are numbered in the order in which they are written; a page has
 * the number of its first one. Inside of one transaction; blocks.
 *
 * <p>Where few records come at a time, a new page takes in the one before it as long as that is no larger. So a record is
 * written anew a few times at most, each time together with as many again, and n records of one hour make no more than n / 250 and
 * some ten pages.
 */
final class AuditPages {
    private static final Logger LOG = LoggerFactory.getLogger(AuditPages.class);
    static final int MAX_RECORDS = 500;
    static final int MAX_BYTES = 1024 * 1024;

    /** So that what is out of time does not stay for the sake of what is not, and a search by time leads to few pages. */
    static final long MAX_SPAN_MILLIS = 3_600_000;

    private AuditPages() {}

    /**
     * What is known of a page without reading it.
     *
     * @param id the number of its first record
     * @param firstTime when the earliest of its requests came, by {@link System#currentTimeMillis}
     * @param lastTime when the latest came
     * @param maxStatus the greatest status among its answers
     * @param terms the names in it; null if every name may occur
     */
    record Head(
            long id,
            int records,
            long firstTime,
            long lastTime,
            int maxStatus,
            @Nullable PageTerms terms) {
        static final String COLUMNS = "id, records, first_time, last_time, max_status, terms";

        static Head of(long id, List<StoredRow> rows) {
            long firstTime = Long.MAX_VALUE;
            long lastTime = Long.MIN_VALUE;
            int maxStatus = 0;
            for (StoredRow row : rows) {
                firstTime = Math.min(firstTime, row.timeMillis());
                lastTime = Math.max(lastTime, row.timeMillis());
                maxStatus = Math.max(maxStatus, row.status());
            }
            return new Head(id, rows.size(), firstTime, lastTime, maxStatus, PageTerms.of(rows));
        }

        static Head read(ResultSet row) throws SQLException {
            return new Head(
                    row.getLong("id"),
                    row.getInt("records"),
                    row.getLong("first_time"),
                    row.getLong("last_time"),
                    row.getInt("max_status"),
                    PageTerms.read(row.getBytes("terms")));
        }

        /** This one's records, and behind them those of {@code later}. */
        Head and(Head later) {
            return new Head(
                    id,
                    records + later.records,
                    Math.min(firstTime, later.firstTime),
                    Math.max(lastTime, later.lastTime),
                    Math.max(maxStatus, later.maxStatus),
                    PageTerms.union(terms, later.terms));
        }

        boolean isTakenInBy(Head later) {
            return terms != null
                    && id + records == later.id
                    && records <= later.records
                    && records + later.records <= MAX_RECORDS
                    && Math.max(lastTime, later.lastTime) - Math.min(firstTime, later.firstTime) <= MAX_SPAN_MILLIS;
        }
    }

    /** Writes {@code rows} behind what is there. */
    static void insert(Connection connection, List<StoredRow> rows) throws SQLException {
        int from = 0;
        while (from < rows.size()) {
            int to = end(rows, from);
            insertPage(connection, rows.subList(from, to));
            from = to;
        }
    }

    /** Where a page ends that begins with the row at {@code from}. */
    private static int end(List<StoredRow> rows, int from) {
        long firstTime = Long.MAX_VALUE;
        long lastTime = Long.MIN_VALUE;
        long bytes = 1;
        int at = from;
        while (at < rows.size() && at - from < MAX_RECORDS) {
            StoredRow row = rows.get(at);
            firstTime = Math.min(firstTime, row.timeMillis());
            lastTime = Math.max(lastTime, row.timeMillis());
            bytes += row.json().length + 1;
            if (at > from && (bytes > MAX_BYTES || lastTime - firstTime > MAX_SPAN_MILLIS)) {
                break;
            }
            at++;
        }
        return at;
    }

    private static void insertPage(Connection connection, List<StoredRow> rows) throws SQLException {
        Head before = last(connection);
        Head head = Head.of(before == null ? 1 : before.id + before.records, rows);
        byte[] json = PageJson.page(rows);
        while (before != null && before.isTakenInBy(head)) {
            byte[] earlier = rows(connection, before.id, MAX_BYTES - json.length);
            if (earlier == null) {
                break;
            }
            json = PageJson.join(earlier, json);
            head = before.and(head);
            remove(connection, before.id);
            before = last(connection);
        }
        write(connection, head, json);
    }

    private static @Nullable Head last(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                        "SELECT " + Head.COLUMNS + " FROM audit_pages ORDER BY id DESC LIMIT 1");
                ResultSet row = query.executeQuery()) {
            return row.next() ? Head.read(row) : null;
        }
    }

    /** A page's records; null if they take more than {@code maxBytes}. */
    private static byte @Nullable [] rows(Connection connection, long page, int maxBytes) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT rows FROM audit_rows WHERE page = ? AND octet_length(rows) <= ?")) {
            query.setLong(1, page);
            query.setInt(2, maxBytes);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? row.getBytes(1) : null;
            }
        }
    }

    /**
     * A page's records as JSON.
     *
     * @throws IOException if there are none
     */
    static byte[] rows(Connection connection, long page) throws SQLException, IOException {
        byte[] rows = rows(connection, page, Integer.MAX_VALUE);
        if (rows == null) {
            throw new IOException("it has no records");
        }
        return rows;
    }

    private static void remove(Connection connection, long page) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement("DELETE FROM audit_pages WHERE id = ?")) {
            delete.setLong(1, page);
            delete.executeUpdate();
        }
    }

    private static void write(Connection connection, Head head, byte[] json) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO audit_pages (" + Head.COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?)")) {
            insert.setLong(1, head.id);
            insert.setInt(2, head.records);
            insert.setLong(3, head.firstTime);
            insert.setLong(4, head.lastTime);
            insert.setInt(5, head.maxStatus);
            insert.setBytes(6, head.terms == null ? null : head.terms.bytes());
            insert.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT OR REPLACE INTO audit_rows (page, rows) VALUES (?, CAST(? AS TEXT))")) {
            insert.setLong(1, head.id);
            insert.setBytes(2, json);
            insert.executeUpdate();
        }
    }

    /**
     * Writes the names of some pages beside them that an earlier version has left without.
     *
     * @return how many pages that were
     */
    static int addTerms(Connection connection, int most) throws SQLException {
        List<Long> pages = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(
                "SELECT id FROM audit_pages WHERE terms IS NULL ORDER BY id DESC LIMIT ?")) {
            query.setInt(1, most);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    pages.add(rows.getLong(1));
                }
            }
        }
        try (PreparedStatement update = connection.prepareStatement("UPDATE audit_pages SET terms = ? WHERE id = ?")) {
            for (long page : pages) {
                update.setBytes(1, terms(connection, page).bytes());
                update.setLong(2, page);
                update.addBatch();
            }
            update.executeBatch();
        }
        return pages.size();
    }

    private static PageTerms terms(Connection connection, long page) throws SQLException {
        PageTerms terms = new PageTerms();
        try {
            PageJson.decode(rows(connection, page), page, false, row -> terms.add(PageTerms.hashes(row)));
        } catch (IOException e) {
            LOG.error("page {} of the audit cannot be read", page, e);
        }
        return terms;
    }
}

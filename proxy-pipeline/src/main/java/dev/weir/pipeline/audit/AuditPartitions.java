package dev.weir.pipeline.audit;

import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The table's parts on PostgreSQL, one for each day in UTC. A part is made beside the table and then attached, and detached
 * before it is dropped, with little patience for locks: neither stops those who read and write. Instances take turns by an
 * advisory lock. Blocks; any thread.
 */
final class AuditPartitions {
    static final long DAY_MILLIS = 86_400_000;

    private static final String PREFIX = "audit_day_";

    /** Among advisory locks: "weirAudt". */
    private static final long LOCK = 0x7765697241756474L;

    private final Database database;
    private final Set<Long> known = ConcurrentHashMap.newKeySet();

    AuditPartitions(Database database) {
        this.database = database;
    }

    private static String name(long day) {
        return PREFIX + DateTimeFormatter.BASIC_ISO_DATE.format(LocalDate.ofEpochDay(day));
    }

    /** Makes the parts that {@code rows} belong in, if they are not there. */
    void ensure(List<StoredRow> rows) throws DatabaseAwayException, SQLException {
        for (StoredRow row : rows) {
            ensure(Math.floorDiv(row.timeMillis(), DAY_MILLIS));
        }
    }

    /** Makes the part of a day, counted from 1970. */
    void ensure(long day) throws DatabaseAwayException, SQLException {
        if (known.contains(day)) {
            return;
        }
        String name = name(day);
        database.<Boolean>write(connection -> {
            execute(connection, "SET LOCAL lock_timeout = '2s'");
            execute(connection, "SELECT pg_advisory_xact_lock(" + LOCK + ")");
            if (!parts(connection).contains(name)) {
                execute(connection, "CREATE TABLE " + name + " (LIKE audit INCLUDING ALL)");
                execute(
                        connection,
                        "ALTER TABLE audit ATTACH PARTITION " + name + " FOR VALUES FROM (" + day * DAY_MILLIS
                                + ") TO (" + (day + 1) * DAY_MILLIS + ")");
            }
            return true;
        });
        known.add(day);
    }

    /** Looks again next time: somebody may have dropped some. */
    void forget() {
        known.clear();
    }

    /** Drops what is all older than that, unless another instance is at it. */
    void dropBefore(long timeMillis) throws DatabaseAwayException, SQLException {
        String first = name(Math.floorDiv(timeMillis, DAY_MILLIS));
        List<String> old = database.<List<String>>read(AuditPartitions::parts).stream()
                .filter(name -> name.compareTo(first) < 0)
                .toList();
        for (String name : old) {
            database.<Boolean>write(connection -> {
                execute(connection, "SET LOCAL lock_timeout = '1s'");
                if (tryLock(connection) && parts(connection).contains(name)) {
                    execute(connection, "ALTER TABLE audit DETACH PARTITION " + name);
                    execute(connection, "DROP TABLE " + name);
                }
                return true;
            });
        }
        if (!old.isEmpty()) {
            forget();
        }
    }

    /** Whether this instance may remove what is old, until the end of the transaction. */
    static boolean tryLock(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT pg_try_advisory_xact_lock(" + LOCK + ")")) {
            return rows.next() && rows.getBoolean(1);
        }
    }

    private static List<String> parts(Connection connection) throws SQLException {
        List<String> names = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT c.relname FROM pg_inherits i"
                        + " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit'::regclass")) {
            while (rows.next()) {
                if (rows.getString(1).startsWith(PREFIX)) {
                    names.add(rows.getString(1));
                }
            }
        }
        return names;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

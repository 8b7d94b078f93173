package dev.weir.pipeline.audit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Rows in the text format of PostgreSQL's {@code COPY}. */
final class CopyRows {
    private static final String COPY =
            "COPY audit (" + String.join(", ", AuditColumns.ALL) + ") FROM STDIN WITH (ENCODING 'UTF8')";

    private CopyRows() {}

    static void copy(Connection connection, List<AuditRow> rows) throws SQLException {
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (AuditRow row : rows) {
                line.reset();
                write(line, AuditColumns.values(row));
                copy.writeToCopy(line.toByteArray(), 0, line.size());
            }
            copy.endCopy();
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }

    private static void write(ByteArrayOutputStream line, @Nullable Object[] values) {
        for (int i = 0; i < values.length; i++) {
            if (i > 0) {
                line.write('\t');
            }
            Object value = values[i];
            if (value == null) {
                line.write('\\');
                line.write('N');
            } else {
                write(
                        line,
                        value instanceof byte[] utf8 ? utf8 : value.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        line.write('\n');
    }

    private static void write(ByteArrayOutputStream line, byte[] utf8) {
        int from = 0;
        for (int at = 0; at < utf8.length; at++) {
            char escape = escape(utf8[at]);
            if (escape != 0) {
                line.write(utf8, from, at - from);
                line.write('\\');
                line.write(escape);
                from = at + 1;
            }
        }
        line.write(utf8, from, utf8.length - from);
    }

    /** What stands for {@code octet} behind a backslash; 0 if it stands for itself. */
    private static char escape(byte octet) {
        return switch (octet) {
            case '\\' -> '\\';
            case '\n' -> 'n';
            case '\r' -> 'r';
            case '\t' -> 't';
            default -> 0;
        };
    }
}

package dev.weir.pipeline.audit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Rows in the text format of PostgreSQL's {@code COPY}. */
final class CopyRows {
    private static final String COPY =
            "COPY audit (" + String.join(", ", AuditColumns.ALL) + ") FROM STDIN WITH (ENCODING 'UTF8')";

    private static final int CHUNK_BYTES = 64 * 1024;

    private CopyRows() {}

    static void copy(Connection connection, List<StoredRow> rows) throws SQLException {
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(COPY);
        try {
            ByteArrayOutputStream lines = new ByteArrayOutputStream(2 * CHUNK_BYTES);
            for (StoredRow row : rows) {
                write(lines, row.json());
                if (lines.size() >= CHUNK_BYTES) {
                    send(copy, lines);
                }
            }
            send(copy, lines);
            copy.endCopy();
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }

    private static void send(CopyIn copy, ByteArrayOutputStream lines) throws SQLException {
        copy.writeToCopy(lines.toByteArray(), 0, lines.size());
        lines.reset();
    }

    /** Writes an array of values, as {@link RowBuffer} writes it, as a line. */
    private static void write(ByteArrayOutputStream lines, byte[] json) {
        int at = 1;
        while (at < json.length) {
            switch (json[at]) {
                case '"' -> at = text(lines, json, at + 1);
                case ',' -> {
                    lines.write('\t');
                    at++;
                }
                case ']' -> {
                    lines.write('\n');
                    at++;
                }
                case 'n' -> {
                    lines.write('\\');
                    lines.write('N');
                    at += "null".length();
                }
                default -> lines.write(json[at++]);
            }
        }
    }

    /** Writes a string; where its text begins and, as what is returned, where what follows it does. */
    private static int text(ByteArrayOutputStream lines, byte[] json, int start) {
        int from = start;
        int at = start;
        while (json[at] != '"') {
            if (json[at] != '\\') {
                at++;
                continue;
            }
            lines.write(json, from, at - from);
            at = escape(lines, json, at + 1);
            from = at;
        }
        lines.write(json, from, at - from);
        return at + 1;
    }

    /** JSON and {@code COPY} escape alike, but for signs that stand for themselves there, and numbers. */
    private static int escape(ByteArrayOutputStream lines, byte[] json, int escaped) {
        switch (json[escaped]) {
            case '"' -> lines.write('"');
            case 'u' -> {
                lines.write(Integer.parseInt(new String(json, escaped + 1, 4, StandardCharsets.US_ASCII), 16));
                return escaped + 5;
            }
            default -> {
                lines.write('\\');
                lines.write(json[escaped]);
            }
        }
        return escaped + 1;
    }
}

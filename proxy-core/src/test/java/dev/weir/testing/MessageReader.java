package dev.weir.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads message heads off a {@link Wire}, strictly (RFC 9112 sections 2 to 5): CRLF only, no folding, bounded size. */
final class MessageReader {
    private static final int MAX_HEAD_BYTES = 1024 * 1024;

    private final Wire wire;

    MessageReader(Wire wire) {
        this.wire = wire;
    }

    /** A start line and its fields; {@code raw} is what came, also when the connection ended before the empty line. */
    record Head(String startLine, HeaderFields fields, String raw, boolean complete) {
        boolean isEmpty() {
            return raw.isEmpty();
        }
    }

    Head readHead(Deadline deadline) {
        StringBuilder raw = new StringBuilder();
        List<String> lines = new ArrayList<>();
        while (true) {
            String line = readLine(raw, deadline);
            if (line == null) {
                return new Head(
                        lines.isEmpty() ? raw.toString() : lines.get(0), HeaderFields.NONE, raw.toString(), false);
            }
            if (line.isEmpty()) {
                if (lines.isEmpty()) {
                    throw new MalformedMessage("empty line where a message should begin");
                }
                return new Head(lines.get(0), HeaderFields.parse(lines.subList(1, lines.size())), raw.toString(), true);
            }
            lines.add(line);
        }
    }

    /** Field lines up to the empty line that ends a chunked body; null when the connection ended before it. */
    @Nullable
    HeaderFields readTrailers(Deadline deadline) {
        List<String> lines = new ArrayList<>();
        while (true) {
            String line = readLine(new StringBuilder(), deadline);
            if (line == null) {
                return null;
            }
            if (line.isEmpty()) {
                return HeaderFields.parse(lines);
            }
            lines.add(line);
        }
    }

    /** A line without its CRLF, or null when the connection ended before it; {@code raw} takes every byte read. */
    @Nullable
    String readLine(StringBuilder raw, Deadline deadline) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int b = wire.read(deadline);
            if (b < 0) {
                return null;
            }
            raw.append((char) b);
            if (raw.length() > MAX_HEAD_BYTES) {
                throw new MalformedMessage("head: more than " + MAX_HEAD_BYTES + " bytes");
            }
            if (b == '\n') {
                throw new MalformedMessage("bare LF after \"" + line.toString(StandardCharsets.ISO_8859_1) + "\"");
            }
            if (b != '\r') {
                line.write(b);
                continue;
            }
            int next = wire.read(deadline);
            if (next < 0) {
                return null;
            }
            raw.append((char) next);
            if (next != '\n') {
                throw new MalformedMessage("bare CR after \"" + line.toString(StandardCharsets.ISO_8859_1) + "\"");
            }
            return line.toString(StandardCharsets.ISO_8859_1);
        }
    }
}

package dev.weir.core;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines ended by CRLF, and the field lines of a head or trailer section (RFC 9112 sections 2.2 and 5), as they
 * arrive: what has been parsed is consumed, so that no byte is looked at twice however slowly it comes.
 *
 * <p>Runs on the event loop; one instance for each connection and direction.
 */
final class FieldLines {
    private static final int MAX_CACHED_NAME = 32;

    /**
     * Names seen before, so that requests share their strings. Written without locks: a lost update costs an allocation,
     * and a string is safe to publish through a race.
     */
    private static final @Nullable String[] NAMES = new @Nullable String[1024];

    static {
        // The very strings that the code asks for, so that they compare by being the same.
        for (String name : new String[] {
            "Accept",
            "Accept-Encoding",
            "Authorization",
            "Cache-Control",
            "Connection",
            "Content-Encoding",
            "Content-Length",
            "Content-Type",
            "Date",
            "Expect",
            "Host",
            "Keep-Alive",
            "Origin",
            "Server",
            "Transfer-Encoding",
            "User-Agent",
            "Vary",
            "Via",
            "x-request-id"
        }) {
            NAMES[slot(name.hashCode())] = name;
        }
    }

    private final HttpLimits limits;

    /** The last complete line, without CRLF. Valid until the next call of {@link #nextLine}. */
    private byte[] line = new byte[256];

    private int length;

    /** How many bytes after the reader index have been searched for LF already. */
    private int searched;

    private int sectionBytes;
    private int fields;

    FieldLines(HttpLimits limits) {
        this.limits = limits;
    }

    byte[] line() {
        return line;
    }

    int length() {
        return length;
    }

    void beginSection() {
        sectionBytes = 0;
        fields = 0;
    }

    /**
     * Moves to the next line if it has arrived whole.
     *
     * @param maxBytes the longest line allowed, CRLF included
     * @param tooLong the status of a longer one
     */
    boolean nextLine(ByteBuf in, int maxBytes, int tooLong) throws BadMessageException {
        int start = in.readerIndex();
        int end = in.indexOf(start + searched, in.writerIndex(), (byte) '\n');
        if (end < 0) {
            searched = in.readableBytes();
            if (searched >= maxBytes) {
                throw tooLong(tooLong);
            }
            return false;
        }
        int bytes = end + 1 - start;
        if (bytes > maxBytes) {
            throw tooLong(tooLong);
        }
        if (bytes > line.length) {
            line = new byte[Math.max(bytes, 2 * line.length)];
        }
        // One call for all: each checks the buffer anew.
        in.getBytes(start, line, 0, bytes);
        length = bytes - 2;
        if (length < 0 || line[length] != '\r') {
            throw new BadMessageException(400, "a line ends in LF without CR");
        }
        in.readerIndex(end + 1);
        searched = 0;
        return true;
    }

    /**
     * Reads field lines until the empty one.
     *
     * @param into where the lines go, or null to check and drop them (trailers)
     * @param lenient whether white space before the colon is removed rather than refused (RFC 9112 section 5.1: responses)
     * @return whether the section is complete
     */
    boolean readSection(ByteBuf in, @Nullable Headers into, boolean lenient) throws BadMessageException {
        while (nextLine(in, limits.maxSectionBytes() - sectionBytes, 431)) {
            sectionBytes += length + 2;
            if (length == 0) {
                return true;
            }
            if (++fields > limits.maxFields()) {
                throw new BadMessageException(431, "more than " + limits.maxFields() + " header fields");
            }
            readField(into, lenient);
        }
        return false;
    }

    private void readField(@Nullable Headers into, boolean lenient) throws BadMessageException {
        int colon = 0;
        int hash = 0;
        while (colon < length && Octets.isToken(line[colon])) {
            hash = 31 * hash + line[colon];
            colon++;
        }
        int nameEnd = colon;
        if (lenient) {
            while (colon < length && isBlank(line[colon])) {
                colon++;
            }
        }
        if (nameEnd == 0 || colon == length || line[colon] != ':') {
            throw new BadMessageException(400, badName(colon));
        }
        int from = colon + 1;
        int to = length;
        while (from < to && isBlank(line[from])) {
            from++;
        }
        while (to > from && isBlank(line[to - 1])) {
            to--;
        }
        for (int i = from; i < to; i++) {
            if (!Octets.isFieldText(line[i] & 0xff)) {
                throw new BadMessageException(400, "a header field's value holds a control character");
            }
        }
        if (into != null) {
            into.addValid(name(nameEnd, hash), new String(line, from, to - from, StandardCharsets.ISO_8859_1));
        }
    }

    private String badName(int at) {
        if (at == 0 && length > 0 && isBlank(line[0])) {
            return "a header line begins with white space (folded lines are not accepted)";
        }
        return at < length && isBlank(line[at])
                ? "white space between a header field's name and its colon"
                : "a header line without a valid name and colon";
    }

    private String name(int end, int hash) {
        if (end > MAX_CACHED_NAME) {
            return new String(line, 0, end, StandardCharsets.ISO_8859_1);
        }
        int slot = slot(hash);
        String known = NAMES[slot];
        if (known != null && matches(known, end)) {
            return known;
        }
        String name = new String(line, 0, end, StandardCharsets.ISO_8859_1);
        NAMES[slot] = name;
        return name;
    }

    /** @param hash as of {@link String#hashCode} */
    private static int slot(int hash) {
        return (hash ^ (hash >>> 10)) & (NAMES.length - 1);
    }

    private boolean matches(String name, int end) {
        if (name.length() != end) {
            return false;
        }
        for (int i = 0; i < end; i++) {
            if (name.charAt(i) != line[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isBlank(byte octet) {
        return octet == ' ' || octet == '\t';
    }

    private static BadMessageException tooLong(int status) {
        String what = switch (status) {
            case 414 -> "the request line is too long";
            case 431 -> "the header section is too large";
            default -> "a line is too long";
        };
        return new BadMessageException(status, what);
    }
}

package dev.weir.core;

import java.nio.charset.StandardCharsets;

/** The escapes of JSON's strings (RFC 8259 section 7). Any thread. */
public final class JsonEscapes {
    private JsonEscapes() {}

    /** What {@code octets}, the inside of a well-formed string, say. A lone surrogate that was escaped stays one. */
    public static String decode(byte[] octets) {
        return decode(octets, 0, octets.length);
    }

    /** As {@link #decode(byte[])}, for the octets from {@code start} to {@code end}. */
    public static String decode(byte[] octets, int start, int end) {
        int backslash = backslash(octets, start, end);
        if (backslash == end) {
            return new String(octets, start, end - start, StandardCharsets.UTF_8);
        }
        StringBuilder text = new StringBuilder(end - start);
        int from = start;
        while (backslash < end) {
            if (from < backslash) {
                text.append(new String(octets, from, backslash - from, StandardCharsets.UTF_8));
            }
            text.append(unescaped(octets, backslash + 1));
            from = backslash + (octets[backslash + 1] == 'u' ? 6 : 2);
            backslash = backslash(octets, from, end);
        }
        return text.append(new String(octets, from, end - from, StandardCharsets.UTF_8))
                .toString();
    }

    /** Where the next one stands; {@code end} if there is none. */
    private static int backslash(byte[] octets, int start, int end) {
        int at = start;
        while (at < end && octets[at] != '\\') {
            at++;
        }
        return at;
    }

    private static char unescaped(byte[] octets, int at) {
        return switch (octets[at]) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> (char) Integer.parseInt(new String(octets, at + 1, 4, StandardCharsets.ISO_8859_1), 16);
            default -> (char) octets[at];
        };
    }
}

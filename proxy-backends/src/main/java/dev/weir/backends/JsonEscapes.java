package dev.weir.backends;

import java.nio.charset.StandardCharsets;

/** The escapes of JSON's strings (RFC 8259 section 7). Any thread. */
final class JsonEscapes {
    private JsonEscapes() {}

    /** What {@code octets}, the inside of a well-formed string, say. A lone surrogate that was escaped stays one. */
    static String decode(byte[] octets) {
        StringBuilder text = new StringBuilder(octets.length);
        int from = 0;
        for (int i = 0; i < octets.length; i++) {
            if (octets[i] == '\\') {
                if (from < i) {
                    text.append(new String(octets, from, i - from, StandardCharsets.UTF_8));
                }
                i++;
                text.append(unescaped(octets, i));
                i += octets[i] == 'u' ? 4 : 0;
                from = i + 1;
            }
        }
        return text.append(new String(octets, from, octets.length - from, StandardCharsets.UTF_8))
                .toString();
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

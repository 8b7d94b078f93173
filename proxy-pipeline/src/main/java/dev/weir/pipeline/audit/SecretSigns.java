package dev.weir.pipeline.audit;

import java.nio.charset.StandardCharsets;

/**
 * Tells in one pass over its bytes whether it is worth reading all of a text for secrets. Most hold none: no word begins a key,
 * and in front of no {@code :} or {@code =} there is a name. What is strange in front of one (escapes, letters beyond ASCII)
 * counts as one. Immutable.
 */
final class SecretSigns {
    private static final byte[] BEARER = "bearer".getBytes(StandardCharsets.US_ASCII);
    private static final boolean[] SIGN = new boolean[128];

    static {
        for (char sign : ":=-\\bB".toCharArray()) {
            SIGN[sign] = true;
        }
    }

    private final SecretNames names;

    /** @param names each of them one word */
    SecretSigns(SecretNames names) {
        this.names = names;
    }

    /** @param text in UTF-8 */
    boolean mayBeIn(byte[] text) {
        for (int at = 0; at < text.length; at++) {
            byte octet = text[at];
            if (octet >= 0 && SIGN[octet] && isSign(text, at)) {
                return true;
            }
        }
        return false;
    }

    private boolean isSign(byte[] text, int at) {
        return switch (text[at]) {
            case ':', '=' -> mayEndName(text, at);
            case '-' -> at >= 2 && text[at - 1] == 'k' && text[at - 2] == 's';
            case '\\' -> at + 1 < text.length && text[at + 1] == 'u';
            default -> isBearer(text, at);
        };
    }

    private static boolean isBearer(byte[] text, int start) {
        if (text.length - start < BEARER.length) {
            return false;
        }
        for (int i = 0; i < BEARER.length; i++) {
            if (lower(text[start + i]) != BEARER[i]) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte octet) {
        return octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
    }

    /** Whether a name may end in front of {@code sign}, with blanks and quotes between. */
    private boolean mayEndName(byte[] text, int sign) {
        int end = sign;
        while (end > 0 && isBlankOrQuote(text[end - 1])) {
            end--;
            if (text[end] == '\\') {
                return true;
            }
        }
        int start = end;
        while (start > 0 && isWord(text[start - 1])) {
            start--;
        }
        byte before = start == 0 ? (byte) ' ' : text[start - 1];
        return before == '\\' || before < 0 || before > '~' || mayBeName(text, start, end);
    }

    /** Also where only what joins words is to be seen, behind which the rest of a name may stand. */
    private boolean mayBeName(byte[] text, int start, int end) {
        int first = start;
        while (first < end && SecretNames.isJoint((char) text[first])) {
            first++;
        }
        return first == end
                ? start < end
                : names.mayBeginWith((char) text[first])
                        && names.contains(new String(text, first, end - first, StandardCharsets.ISO_8859_1));
    }

    private static boolean isBlankOrQuote(byte octet) {
        return (octet >= 0 && octet <= ' ') || octet == '"' || octet == '\'' || octet == '\\';
    }

    private static boolean isWord(byte octet) {
        return octet >= 0 && SecretNames.isWord((char) octet);
    }
}

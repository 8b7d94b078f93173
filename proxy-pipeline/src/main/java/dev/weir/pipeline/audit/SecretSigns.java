package dev.weir.pipeline.audit;

import dev.weir.core.Swar;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Tells in one pass over its bytes whether it is worth reading all of a text for secrets. Most hold none: no word begins a key,
 * and in front of no {@code :} or {@code =} there is a name. What is strange in front of one (escapes, letters beyond ASCII)
 * counts as one. Immutable.
 */
final class SecretSigns {
    private static final byte[] BEARER = "bearer".getBytes(StandardCharsets.US_ASCII);
    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final SecretNames names;

    /** @param names each of them one word */
    SecretSigns(SecretNames names) {
        this.names = names;
    }

    /** @param text in UTF-8 */
    boolean mayBeIn(byte[] text) {
        int at = 0;
        for (; at + Long.BYTES <= text.length; at += Long.BYTES) {
            for (long signs = signs((long) EIGHT.get(text, at)); signs != 0; signs &= signs - 1) {
                if (isSign(text, at + Swar.first(signs))) {
                    return true;
                }
            }
        }
        for (; at < text.length; at++) {
            if (isSign(text, at)) {
                return true;
            }
        }
        return false;
    }

    /** What is looked at closer; a bit that is set in advance makes one sign of two. */
    private static long signs(long eight) {
        return Swar.equal(eight, ':')
                | Swar.equal(eight, '\\')
                | Swar.equalWith(eight, '=' - '-', '=')
                | Swar.equalWith(eight, 'b' - 'B', 'b');
    }

    private boolean isSign(byte[] text, int at) {
        return switch (text[at]) {
            case ':', '=' -> mayEndName(text, at);
            case '-' -> at >= 2 && text[at - 1] == 'k' && text[at - 2] == 's';
            case '\\' -> at + 1 < text.length && text[at + 1] == 'u';
            case 'b', 'B' -> isBearer(text, at);
            default -> false;
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
        // Of most words the last letter tells.
        if (end > 0 && isWord(text[end - 1]) && !names.mayEndWith((char) text[end - 1])) {
            return false;
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
        return first == end ? start < end : names.contains(text, first, end);
    }

    private static boolean isBlankOrQuote(byte octet) {
        return (octet >= 0 && octet <= ' ') || octet == '"' || octet == '\'' || octet == '\\';
    }

    private static boolean isWord(byte octet) {
        return octet >= 0 && SecretNames.isWord((char) octet);
    }
}

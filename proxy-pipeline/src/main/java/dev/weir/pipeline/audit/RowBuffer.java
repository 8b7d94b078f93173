package dev.weir.pipeline.audit;

import dev.weir.core.Swar;
import io.netty.util.concurrent.FastThreadLocal;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes the values of one row as an array of JSON (RFC 8259). A thread writes one row after another into the same memory, as
 * long as they are small. Confined to one thread.
 */
final class RowBuffer {
    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int FIRST_BYTES = 4 * 1024;
    private static final int MAX_KEPT_BYTES = 64 * 1024;

    /** So many at a time need not be asked whether there is room for each. */
    private static final int CHUNK = 1_024;

    private static final int MAX_ESCAPE = 6;
    private static final int MAX_DIGITS = 20;

    /** Octets of a {@code char}. */
    private static final int MAX_UTF8 = 3;

    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** What stands behind a backslash for an octet; {@code u} for its number; 0 if the octet stands for itself. */
    private static final byte[] ESCAPES = new byte[256];

    private static final FastThreadLocal<RowBuffer> OWN = new FastThreadLocal<>() {
        @Override
        protected RowBuffer initialValue() {
            return new RowBuffer();
        }
    };

    static {
        Arrays.fill(ESCAPES, 0, ' ', (byte) 'u');
        ESCAPES['"'] = '"';
        ESCAPES['\\'] = '\\';
        ESCAPES['\b'] = 'b';
        ESCAPES['\f'] = 'f';
        ESCAPES['\n'] = 'n';
        ESCAPES['\r'] = 'r';
        ESCAPES['\t'] = 't';
    }

    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;

    private RowBuffer() {}

    /** This thread's, for a new row. */
    static RowBuffer begin() {
        RowBuffer own = OWN.get();
        own.length = 0;
        own.sign('[');
        return own;
    }

    /** The row, whose values were all written. */
    byte[] end() {
        bytes[length - 1] = ']';
        byte[] row = Arrays.copyOf(bytes, length);
        if (bytes.length > MAX_KEPT_BYTES) {
            bytes = new byte[FIRST_BYTES];
        }
        return row;
    }

    /** Makes room for {@code more}. */
    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(
                    bytes, Math.max(Math.addExact(length, more), (int) Math.min(2L * bytes.length, 1 << 30)));
        }
    }

    private void sign(char sign) {
        ensure(1);
        bytes[length++] = (byte) sign;
    }

    private void nothing() {
        ensure(NULL.length + 1);
        System.arraycopy(NULL, 0, bytes, length, NULL.length);
        length += NULL.length;
        bytes[length++] = ',';
    }

    void flag(boolean set) {
        number(set ? 1 : 0);
    }

    void number(long number) {
        ensure(MAX_DIGITS + 1);
        int digits = 1;
        for (long left = number / 10; left != 0; left /= 10) {
            digits++;
        }
        // Below zero there is one number more than above.
        long rest = number > 0 ? -number : number;
        if (number < 0) {
            bytes[length++] = '-';
        }
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = (byte) ('0' - rest % 10);
            rest /= 10;
        }
        length += digits;
        bytes[length++] = ',';
    }

    /** Half of a surrogate pair becomes a question mark. */
    void text(@Nullable String text) {
        if (text == null) {
            nothing();
            return;
        }
        int chars = text.length();
        ensure(MAX_UTF8 * chars + 3);
        int at = length;
        bytes[at++] = '"';
        for (int i = 0; i < chars; i++) {
            char c = text.charAt(i);
            if (c < 0x80 && ESCAPES[c] == 0) {
                bytes[at++] = (byte) c;
            } else if (c < 0x800 || Character.isSurrogate(c)) {
                text(text.getBytes(StandardCharsets.UTF_8));
                return;
            } else {
                bytes[at++] = (byte) (0xe0 | (c >> 12));
                bytes[at++] = (byte) (0x80 | ((c >> 6) & 0x3f));
                bytes[at++] = (byte) (0x80 | (c & 0x3f));
            }
        }
        bytes[at++] = '"';
        bytes[at++] = ',';
        length = at;
    }

    void text(byte @Nullable [] utf8) {
        if (utf8 == null) {
            nothing();
            return;
        }
        sign('"');
        for (int from = 0; from < utf8.length; from += CHUNK) {
            ensure(MAX_ESCAPE * CHUNK + Long.BYTES);
            length = escape(utf8, from, Math.min(utf8.length, from + CHUNK), bytes, length);
        }
        sign('"');
        sign(',');
    }

    /** Writes up to eight octets more than it says. */
    private static int escape(byte[] utf8, int from, int to, byte[] out, int start) {
        int at = start;
        int i = from;
        while (i + Long.BYTES <= to) {
            long eight = (long) EIGHT.get(utf8, i);
            EIGHT.set(out, at, eight);
            int plain = Swar.first(escaped(eight));
            at += plain;
            i += plain;
            if (plain < Long.BYTES) {
                at = escape(utf8[i++], out, at);
            }
        }
        while (i < to) {
            at = escape(utf8[i++], out, at);
        }
        return at;
    }

    /** Marks quotes, backslashes and what is below the blank. */
    private static long escaped(long eight) {
        return Swar.equal(eight, '"') | Swar.equal(eight, '\\') | Swar.below(eight, ' ');
    }

    private static int escape(byte octet, byte[] out, int start) {
        int at = start;
        byte escape = ESCAPES[octet & 0xff];
        if (escape == 0) {
            out[at++] = octet;
            return at;
        }
        out[at++] = '\\';
        out[at++] = escape;
        if (escape == 'u') {
            out[at++] = '0';
            out[at++] = '0';
            out[at++] = HEX[octet >> 4];
            out[at++] = HEX[octet & 0xf];
        }
        return at;
    }
}

package dev.weir.pipeline.audit;

import dev.weir.core.Swar;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Grows with the JSON that is written into it (RFC 8259). Its bytes are used again for the next page: at thousands of records a
 * second, pages would be most of what the collector clears away. Confined to one thread, but for {@link #take}.
 */
final class PageBuffer implements AutoCloseable {
    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int FIRST_BYTES = 64 * 1024;
    private static final int MAX_KEPT_BYTES = 1 << 20;

    /** So many at a time need not be asked whether there is room for each. */
    private static final int CHUNK = 1_024;

    private static final int MAX_ESCAPE = 6;
    private static final int MAX_DIGITS = 20;
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** What stands behind a backslash for an octet; {@code u} for its number; 0 if the octet stands for itself. */
    private static final byte[] ESCAPES = new byte[256];

    private static final AtomicReference<byte[]> KEPT = new AtomicReference<>();

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

    private byte[] bytes;
    private int length;

    private PageBuffer(byte[] bytes) {
        this.bytes = bytes;
    }

    /** An empty one; close it to have it used again. */
    static PageBuffer take() {
        byte[] kept = KEPT.getAndSet(null);
        return new PageBuffer(kept == null ? new byte[FIRST_BYTES] : kept);
    }

    /** Makes room for {@code more}. */
    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(
                    bytes, Math.max(Math.addExact(length, more), (int) Math.min(2L * bytes.length, 1 << 30)));
        }
    }

    /** Writes {@code sign}, one of ASCII, as it is. */
    void sign(char sign) {
        ensure(1);
        bytes[length++] = (byte) sign;
    }

    void nothing() {
        ensure(NULL.length);
        System.arraycopy(NULL, 0, bytes, length, NULL.length);
        length += NULL.length;
    }

    void number(long number) {
        ensure(MAX_DIGITS);
        if (number < 0 || number >= 1_000_000_000) {
            byte[] digits = Long.toString(number).getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(digits, 0, bytes, length, digits.length);
            length += digits.length;
            return;
        }
        int digits = 1;
        for (int rest = (int) number; rest >= 10; rest /= 10) {
            digits++;
        }
        int rest = (int) number;
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
    }

    /** Half of a surrogate pair becomes a question mark. */
    void string(String text) {
        int chars = text.length();
        ensure(chars + 2);
        int at = length;
        bytes[at++] = '"';
        for (int i = 0; i < chars; i++) {
            char c = text.charAt(i);
            if (c > '~' || ESCAPES[c] != 0) {
                string(text.getBytes(StandardCharsets.UTF_8));
                return;
            }
            bytes[at++] = (byte) c;
        }
        bytes[at++] = '"';
        length = at;
    }

    void string(byte[] utf8) {
        sign('"');
        for (int from = 0; from < utf8.length; from += CHUNK) {
            ensure(MAX_ESCAPE * CHUNK);
            length = escape(utf8, from, Math.min(utf8.length, from + CHUNK), bytes, length);
        }
        sign('"');
    }

    private static int escape(byte[] utf8, int from, int to, byte[] out, int start) {
        int at = start;
        int i = from;
        while (i < to) {
            if (i + Long.BYTES <= to) {
                long eight = (long) EIGHT.get(utf8, i);
                if (!holdsEscaped(eight)) {
                    EIGHT.set(out, at, eight);
                    at += Long.BYTES;
                    i += Long.BYTES;
                    continue;
                }
            }
            byte octet = utf8[i++];
            byte escape = ESCAPES[octet & 0xff];
            if (escape == 0) {
                out[at++] = octet;
                continue;
            }
            out[at++] = '\\';
            out[at++] = escape;
            if (escape == 'u') {
                out[at++] = '0';
                out[at++] = '0';
                out[at++] = HEX[octet >> 4];
                out[at++] = HEX[octet & 0xf];
            }
        }
        return at;
    }

    /** Whether any of eight octets is a quote, a backslash or below the blank. */
    private static boolean holdsEscaped(long eight) {
        return (Swar.equal(eight, '"') | Swar.equal(eight, '\\') | Swar.below(eight, ' ')) != 0;
    }

    /** A copy of what was written. */
    byte[] bytes() {
        return Arrays.copyOf(bytes, length);
    }

    @Override
    public void close() {
        if (bytes.length <= MAX_KEPT_BYTES) {
            KEPT.set(bytes);
        }
    }
}

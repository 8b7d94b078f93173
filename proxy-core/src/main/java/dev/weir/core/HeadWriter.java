package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;

/**
 * Composes the head of a message in an array of its thread and moves it to a buffer in one copy: a head has some fifty short
 * pieces, each of which costs a buffer's checks otherwise.
 *
 * <p>One for each thread, in use between {@link #begin} and {@link #writeTo}; nothing else may begin one in between.
 */
public final class HeadWriter {
    private static final int INITIAL_BYTES = 2 * 1024;

    /** A larger array is not kept. */
    private static final int KEPT_BYTES = 64 * 1024;

    private static final FastThreadLocal<HeadWriter> OF_THREAD = new FastThreadLocal<>() {
        @Override
        protected HeadWriter initialValue() {
            return new HeadWriter();
        }
    };

    private byte[] head = new byte[INITIAL_BYTES];
    private int length;

    private HeadWriter() {}

    /** This thread's writer, empty. */
    public static HeadWriter begin() {
        HeadWriter writer = OF_THREAD.get();
        writer.length = 0;
        return writer;
    }

    /** Appends text whose characters are Latin-1 (RFC 9110 section 5.5). */
    @SuppressWarnings("deprecation") // The one way to a Latin-1 string's bytes without a copy between.
    public HeadWriter text(String latin1) {
        int count = latin1.length();
        reserve(count);
        latin1.getBytes(0, count, head, length);
        length += count;
        return this;
    }

    public HeadWriter bytes(byte[] octets) {
        reserve(octets.length);
        System.arraycopy(octets, 0, head, length, octets.length);
        length += octets.length;
        return this;
    }

    /** Appends {@code value}, at least 0, in decimal digits. */
    public HeadWriter number(long value) {
        long rest = value;
        int digits = 1;
        for (long power = rest / 10; power > 0; power /= 10) {
            digits++;
        }
        reserve(digits);
        length += digits;
        for (int at = length - 1; digits > 0; at--, digits--) {
            head[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return this;
    }

    /** Appends a field line with its end. */
    public HeadWriter field(String name, String value) {
        text(name);
        reserve(2);
        head[length++] = ':';
        head[length++] = ' ';
        return text(value).endLine();
    }

    /** Appends CRLF. */
    public HeadWriter endLine() {
        reserve(2);
        head[length++] = '\r';
        head[length++] = '\n';
        return this;
    }

    /** How many bytes were composed. */
    public int length() {
        return length;
    }

    /** Writes what was composed to {@code out}, and ends. Borrows {@code out}. */
    public void writeTo(ByteBuf out) {
        out.writeBytes(head, 0, length);
        if (head.length > KEPT_BYTES) {
            head = new byte[INITIAL_BYTES];
        }
    }

    private void reserve(int more) {
        if (head.length - length < more) {
            head = Arrays.copyOf(head, Math.max(length + more, 2 * head.length));
        }
    }
}

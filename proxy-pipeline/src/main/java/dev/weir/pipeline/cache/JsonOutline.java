package dev.weir.pipeline.cache;

import dev.weir.core.JsonEscapes;
import dev.weir.core.Swar;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Where the values of a JSON text stand, so that they can be read in another order than they came in. A value is told by its
 * number: the whole text is 0, and a value's parts follow it. An object's parts are, in turn, a name and a value.
 *
 * <p>For JSON that was checked already, as a route's {@link dev.weir.core.Route.RequestReader} does; of other bytes it makes an
 * {@link IllegalArgumentException}, or places that mean nothing. One for each thread, for one text at a time.
 */
final class JsonOutline {
    /** Of the text, and of the values in it, this thread's outline has room for so many without asking for more memory. */
    private static final int KEPT_BYTES = 64 * 1024;

    private static final int FIRST_VALUES = 128;

    /** What is known of a value: where it begins, where it ends, the number behind its last part, whether it has escapes. */
    private static final int START = 0;

    private static final int END = 1;
    private static final int BEHIND = 2;
    private static final int ESCAPED = 3;
    private static final int INTS = 4;

    private static final int NONE = -1;

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final FastThreadLocal<JsonOutline> OWN = new FastThreadLocal<>() {
        @Override
        protected JsonOutline initialValue() {
            return new JsonOutline(KEPT_BYTES);
        }
    };

    private final byte[] json;
    private int length;
    private int[] places = new int[FIRST_VALUES * INTS];
    private int count;

    private JsonOutline(int bytes) {
        json = new byte[bytes];
    }

    /** Of the readable bytes of {@code body}, which is borrowed; good until this thread makes the next one. */
    static JsonOutline of(ByteBuf body) {
        int length = body.readableBytes();
        JsonOutline outline = length <= KEPT_BYTES ? OWN.get() : new JsonOutline(length);
        outline.length = length;
        body.getBytes(body.readerIndex(), outline.json, 0, length);
        outline.read();
        return outline;
    }

    private void read() {
        count = 0;
        int open = NONE;
        int at = 0;
        while (at < length) {
            byte octet = json[at];
            switch (octet) {
                case '{', '[' -> {
                    // Until it is closed, it tells which one is open around it.
                    open = add(at, at, open, false);
                    at++;
                }
                case '}', ']' -> {
                    at++;
                    open = close(open, at);
                }
                case '"' -> {
                    int first = quoteOrBackslash(at + 1);
                    int end = endOfString(first);
                    add(at, end, count + 1, end != first + 1);
                    at = end;
                }
                case ',', ':', ' ', '\t', '\r', '\n' -> at++;
                default -> {
                    int end = endOfScalar(at);
                    add(at, end, count + 1, false);
                    at = end;
                }
            }
        }
        if (count == 0 || open != NONE || behind(0) != count) {
            throw new IllegalArgumentException("JSON: not one whole value");
        }
    }

    private int add(int start, int end, int behind, boolean escaped) {
        int at = count * INTS;
        if (at == places.length) {
            places = Arrays.copyOf(places, 2 * at);
        }
        places[at + START] = start;
        places[at + END] = end;
        places[at + BEHIND] = behind;
        places[at + ESCAPED] = escaped ? 1 : 0;
        return count++;
    }

    /** Returns the one that is open now. */
    private int close(int value, int end) {
        // The brackets of a pair are two apart.
        if (value == NONE || json[start(value)] + 2 != json[end - 1]) {
            throw new IllegalArgumentException("JSON: nothing to close at " + (end - 1));
        }
        int around = place(value, BEHIND);
        places[value * INTS + END] = end;
        places[value * INTS + BEHIND] = count;
        return around;
    }

    private int endOfScalar(int start) {
        int at = start;
        while (at < length) {
            byte octet = json[at];
            if (octet == ',' || octet == '}' || octet == ']' || (octet >= 0 && octet <= ' ')) {
                break;
            }
            at++;
        }
        if (at == start) {
            // Nobody would ever get past it.
            throw new IllegalArgumentException("JSON: no value at " + start);
        }
        return at;
    }

    /** @param found the first quote or backslash in it */
    private int endOfString(int found) {
        int at = found;
        while (json[at] == '\\') {
            at = quoteOrBackslash(at + 2);
        }
        return at + 1;
    }

    /** Strings are most of a body: eight bytes at a time. */
    private int quoteOrBackslash(int from) {
        int at = from;
        while (at + Long.BYTES <= length) {
            long eight = (long) EIGHT.get(json, at);
            long found = Swar.equal(eight, '"') | Swar.equal(eight, '\\');
            if (found != 0) {
                return at + Swar.first(found);
            }
            at += Long.BYTES;
        }
        while (at < length) {
            if (json[at] == '"' || json[at] == '\\') {
                return at;
            }
            at++;
        }
        throw new IllegalArgumentException("JSON: a string without an end");
    }

    private int place(int value, int what) {
        return places[value * INTS + what];
    }

    /** The text that this is an outline of; what is behind the whole value is not of it. */
    byte[] json() {
        return json;
    }

    /** Where the value begins; a string with its quote. */
    int start(int value) {
        return place(value, START);
    }

    /** Behind the value's last byte. */
    int end(int value) {
        return place(value, END);
    }

    /** The value's first byte, which tells its kind: one of <code>" { [ t f n -</code> or a digit. */
    byte kind(int value) {
        return json[start(value)];
    }

    /** The first part of the object or array; equal to {@link #behind} if it is empty. */
    int first(int value) {
        return value + 1;
    }

    /** The number behind the value and all its parts: the one that stands next to it, if there is one. */
    int behind(int value) {
        return place(value, BEHIND);
    }

    /** What the string says. */
    String string(int value) {
        return JsonEscapes.decode(json, start(value) + 1, end(value) - 1);
    }

    /** Whether the string has an escape, so that its bytes are not what it says. */
    boolean isEscaped(int value) {
        return place(value, ESCAPED) != 0;
    }
}

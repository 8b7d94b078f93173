package dev.weir.core;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Steps through the members of a JSON object, or the elements of an array, and tells where their bytes stand: for edits that
 * leave every other byte as it came. Values are passed over, and decoded only for who asks.
 *
 * <p>For JSON that was checked already, as a route's {@link Route.RequestReader} does; of other bytes it makes an
 * {@link IllegalArgumentException} at the latest at their end. Offsets count from the buffer's reader index. Borrows the
 * buffer and moves no index. Confined to one thread.
 */
public final class JsonCursor {
    private static final String TOO_EARLY = "JSON: ends too early";

    private final ByteBuf json;
    private final int base;
    private final boolean object;
    private int at;
    private int nameStart;
    private int nameEnd;
    private int valueStart;
    private int valueEnd;

    private JsonCursor(ByteBuf json, int start) {
        this.json = json;
        this.base = json.readerIndex();
        this.at = skipSpace(base + start);
        byte first = json.getByte(at);
        if (first != '{' && first != '[') {
            throw new IllegalArgumentException("JSON: neither an object nor an array at " + (at - base));
        }
        this.object = first == '{';
        this.valueEnd = ++at;
    }

    /** Stands before the first member of the object, or the first element of the array, that is all of {@code json}. */
    public static JsonCursor of(ByteBuf json) {
        return new JsonCursor(json, 0);
    }

    /** Stands before the first member or element of the value this cursor is at. */
    public JsonCursor enter() {
        return new JsonCursor(json, valueStart());
    }

    /** Goes to the next member or element, and passes over its value; false, and no further, when there is none. */
    public boolean next() {
        boolean begun = begin();
        if (begun) {
            pass();
        }
        return begun;
    }

    /**
     * Goes to where the next value begins, as {@link #next} does, but not over it: for values that are entered anyway, or whose
     * end may be missing. Until {@link #pass} is called, it has no end.
     */
    public boolean begin() {
        at = skipSpace(at);
        if (json.getByte(at) == ',') {
            at = skipSpace(at + 1);
        }
        byte first = json.getByte(at);
        if (first == '}' || first == ']') {
            return false;
        }
        if (object) {
            nameStart = at;
            nameEnd = endOfString(at);
            at = skipSpace(nameEnd);
            at = skipSpace(at + 1);
        }
        valueStart = at;
        return true;
    }

    /** Passes over the value that {@link #begin} has found. */
    public void pass() {
        valueEnd = endOfValue(valueStart);
        at = valueEnd;
    }

    /** As {@link #pass()}, for a value that was entered: goes on from where {@code entered} has come to. */
    public void pass(JsonCursor entered) {
        valueEnd = endOfNested(entered.at);
        at = valueEnd;
    }

    /** The member's name, its escapes resolved. */
    public String name() {
        return string(nameStart, nameEnd);
    }

    /** Whether the member's name is {@code ascii}; no string is made of it for that. */
    public boolean isNamed(String ascii) {
        int length = nameEnd - nameStart - 2;
        boolean same = true;
        for (int i = 0; i < length; i++) {
            byte octet = json.getByte(nameStart + 1 + i);
            if (octet == '\\') {
                return name().equals(ascii);
            }
            same = same && i < ascii.length() && octet == ascii.charAt(i);
        }
        return same && length == ascii.length();
    }

    /** Where the member's name begins, with its quote. */
    public int nameStart() {
        return nameStart - base;
    }

    /** The offset behind the name's closing quote. */
    public int nameEnd() {
        return nameEnd - base;
    }

    /** Where the value begins; a string with its quote. */
    public int valueStart() {
        return valueStart - base;
    }

    /** The offset behind the value; before the first step, and in an empty object, the one behind the opening bracket. */
    public int valueEnd() {
        return valueEnd - base;
    }

    /** The value's first byte, which tells its kind: one of <code>" { [ t f n -</code> or a digit. */
    public byte kind() {
        return json.getByte(valueStart);
    }

    /** The value's bytes as they stand. */
    public String valueText() {
        return text(valueStart, valueEnd);
    }

    /** What the value says, which is a string, its escapes resolved. */
    public String string() {
        return string(valueStart, valueEnd);
    }

    private String string(int from, int to) {
        if (json.hasArray()) {
            int offset = json.arrayOffset();
            return JsonEscapes.decode(json.array(), offset + from + 1, offset + to - 1);
        }
        byte[] inside = new byte[to - from - 2];
        json.getBytes(from + 1, inside);
        return JsonEscapes.decode(inside);
    }

    private String text(int from, int to) {
        return json.toString(from, to - from, StandardCharsets.UTF_8);
    }

    private int endOfValue(int start) {
        byte first = json.getByte(start);
        if (first == '"') {
            return endOfString(start);
        }
        return first == '{' || first == '[' ? endOfNested(start + 1) : endOfScalar(start);
    }

    private int endOfScalar(int start) {
        int end = json.writerIndex();
        int index = start;
        while (index < end) {
            byte octet = json.getByte(index);
            if (octet == ',' || octet == '}' || octet == ']' || (octet >= 0 && octet <= ' ')) {
                break;
            }
            index++;
        }
        if (index == start) {
            // Nobody would ever get past it.
            throw new IllegalArgumentException("JSON: no value at " + (start - base));
        }
        return index;
    }

    /** Behind the bracket that closes the one which {@code inside} is in. */
    private int endOfNested(int inside) {
        int end = json.writerIndex();
        int depth = 1;
        int index = inside;
        while (index < end) {
            switch (json.getByte(index)) {
                case '"' -> index = endOfString(index);
                case '{', '[' -> {
                    depth++;
                    index++;
                }
                case '}', ']' -> {
                    depth--;
                    index++;
                    if (depth == 0) {
                        return index;
                    }
                }
                default -> index++;
            }
        }
        throw new IllegalArgumentException(TOO_EARLY);
    }

    private int endOfString(int quote) {
        int index = quoteOrBackslash(quote + 1);
        while (json.getByte(index) == '\\') {
            index = quoteOrBackslash(index + 2);
        }
        return index + 1;
    }

    /** Strings are most of a body: eight bytes at a time. */
    private int quoteOrBackslash(int from) {
        int index = from;
        int end = json.writerIndex();
        while (index + Long.BYTES <= end) {
            long eight = json.getLongLE(index);
            long found = Swar.equal(eight, '"') | Swar.equal(eight, '\\');
            if (found != 0) {
                return index + Swar.first(found);
            }
            index += Long.BYTES;
        }
        while (index < end) {
            byte octet = json.getByte(index);
            if (octet == '"' || octet == '\\') {
                return index;
            }
            index++;
        }
        throw new IllegalArgumentException(TOO_EARLY);
    }

    private int skipSpace(int from) {
        int end = json.writerIndex();
        int index = from;
        while (index < end) {
            byte octet = json.getByte(index);
            if (octet != ' ' && octet != '\n' && octet != '\r' && octet != '\t') {
                return index;
            }
            index++;
        }
        throw new IllegalArgumentException(TOO_EARLY);
    }
}

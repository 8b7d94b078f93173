package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.util.ByteProcessor;
import java.nio.charset.StandardCharsets;

/**
 * Steps through the members of a JSON object, or the elements of an array, and tells where their bytes stand: for edits that
 * leave every other byte as it came. Values are passed over, not decoded.
 *
 * <p>For JSON that was checked already, as a route's {@link Route.RequestReader} does; of other bytes it makes an
 * {@link IllegalArgumentException} at the latest at their end. Offsets count from the buffer's reader index. Borrows the
 * buffer and moves no index. Confined to one thread.
 */
public final class JsonCursor {
    private static final ByteProcessor PLAIN = octet -> octet != '"' && octet != '\\';
    private static final ByteProcessor FLAT =
            octet -> octet != '"' && octet != '{' && octet != '}' && octet != '[' && octet != ']';
    private static final ByteProcessor SPACE = octet -> octet == ' ' || octet == '\t' || octet == '\n' || octet == '\r';
    private static final ByteProcessor SCALAR = octet -> octet != ',' && octet != '}' && octet != ']' && octet > ' ';

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
        this.at = find(SPACE, base + start);
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

    /** Goes to the next member or element; false, and no further, when there is none. */
    public boolean next() {
        at = find(SPACE, at);
        if (json.getByte(at) == ',') {
            at = find(SPACE, at + 1);
        }
        byte first = json.getByte(at);
        if (first == '}' || first == ']') {
            return false;
        }
        if (object) {
            nameStart = at;
            nameEnd = endOfString(at);
            at = find(SPACE, nameEnd);
            at = find(SPACE, at + 1);
        }
        valueStart = at;
        valueEnd = endOfValue(at);
        at = valueEnd;
        return true;
    }

    /** The member's name, its escapes resolved. */
    public String name() {
        String name = text(nameStart + 1, nameEnd - 1);
        return name.indexOf('\\') < 0 ? name : unescaped(name);
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

    private String text(int from, int to) {
        return json.toString(from, to - from, StandardCharsets.UTF_8);
    }

    private int endOfValue(int start) {
        byte first = json.getByte(start);
        if (first == '"') {
            return endOfString(start);
        }
        if (first != '{' && first != '[') {
            int end = json.forEachByte(start, json.writerIndex() - start, SCALAR);
            return end < 0 ? json.writerIndex() : end;
        }
        int depth = 1;
        int index = start + 1;
        while (depth > 0) {
            index = find(FLAT, index);
            byte octet = json.getByte(index);
            if (octet == '"') {
                index = endOfString(index);
            } else {
                depth += octet == '{' || octet == '[' ? 1 : -1;
                index++;
            }
        }
        return index;
    }

    private int endOfString(int quote) {
        int index = find(PLAIN, quote + 1);
        while (json.getByte(index) == '\\') {
            index = find(PLAIN, index + 2);
        }
        return index + 1;
    }

    /** The first byte at or behind {@code from} that stops {@code processor}. */
    private int find(ByteProcessor processor, int from) {
        int length = json.writerIndex() - from;
        int found = length <= 0 ? -1 : json.forEachByte(from, length, processor);
        if (found < 0) {
            throw new IllegalArgumentException("JSON: ends too early");
        }
        return found;
    }

    /** RFC 8259 section 7. */
    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            char escape = text.charAt(++i);
            switch (escape) {
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case 'n' -> plain.append('\n');
                case 'r' -> plain.append('\r');
                case 't' -> plain.append('\t');
                case 'u' -> {
                    plain.append((char) Integer.parseInt(text, i + 1, i + 5, 16));
                    i += 4;
                }
                default -> plain.append(escape);
            }
        }
        return plain.toString();
    }
}

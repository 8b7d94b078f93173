package dev.weir.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Goes through one JSON text (RFC 8259) token by token and checks all of it: grammar, UTF-8 (RFC 3629), nesting, lengths of
 * numbers and names. Decodes nothing but what is asked for, and allocates nothing on the way. One thread, any; one use.
 * Borrows the bytes.
 */
public final class JsonTokenizer {
    /** What the text is made of. Commas and colons are none. */
    public enum Token {
        OBJECT,
        OBJECT_END,
        ARRAY,
        ARRAY_END,
        NAME,
        STRING,
        NUMBER,
        TRUE,
        FALSE,
        NULL,
        /** Behind the text; and before it. */
        NONE
    }

    /** What may come next. */
    private enum Expect {
        VALUE,
        VALUE_OR_END,
        NAME_OR_END,
        COMMA_OR_END,
        NOTHING
    }

    /** So many objects and arrays may be open at once. */
    public static final int MAX_NESTING = 200;

    private static final int MAX_NAME_LENGTH = 10_000;
    private static final int MAX_NUMBER_LENGTH = 1_000;

    private final ByteBuffer json;
    private final int end;
    private int at;

    /** Which of the open ones are objects, a bit for each. */
    private final long[] objects = new long[MAX_NESTING / Long.SIZE + 1];

    private int depth;
    private Expect expect = Expect.VALUE;

    private int start;
    private int tokenEnd;
    private boolean plain;

    /** What the token says, once somebody has asked. */
    private @Nullable String text;

    /** Whether the string has a half of a surrogate pair: in a name, parsers make different ones of it. */
    private boolean lone;

    /** @param json from its beginning, from which all places are counted, to its limit; its order of octets is set */
    public JsonTokenizer(ByteBuffer json) {
        this.json = json.order(ByteOrder.LITTLE_ENDIAN);
        this.end = json.limit();
    }

    /** Where the token begins, its quote included. */
    public int start() {
        return start;
    }

    /** Behind the token, its quote included. */
    public int end() {
        return tokenEnd;
    }

    /** Whether the string or name is ASCII without an escape, so that its bytes are its characters. */
    public boolean isPlain() {
        return plain;
    }

    /**
     * Goes to the next token; {@link Token#NONE} is behind the last one.
     *
     * @throws JsonFault if the text is no JSON there, or more than is taken
     */
    public Token next() throws JsonFault {
        text = null;
        skipSpace();
        start = at;
        Token token = switch (expect) {
            case VALUE -> value(require());
            case VALUE_OR_END -> require() == ']' ? close(false) : value(require());
            case NAME_OR_END -> require() == '}' ? close(true) : name();
            case COMMA_OR_END -> further(require());
            case NOTHING -> nothing();
        };
        if (token != Token.NAME) {
            tokenEnd = at;
        }
        return token;
    }

    /** Whether the string or name says {@code ascii}, be it escaped or not. */
    public boolean is(String ascii) {
        if (!plain) {
            return text().equals(ascii);
        }
        int length = ascii.length();
        if (tokenEnd - start - 2 != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (json.get(start + 1 + i) != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** What the string or name says. */
    public String text() {
        String said = text;
        if (said == null) {
            byte[] octets = new byte[tokenEnd - start - 2];
            json.get(start + 1, octets);
            said = plain ? new String(octets, StandardCharsets.ISO_8859_1) : JsonEscapes.decode(octets);
            text = said;
        }
        return said;
    }

    private Token further(int octet) throws JsonFault {
        if (octet == '}' || octet == ']') {
            return close(octet == '}');
        }
        if (octet != ',') {
            throw malformed();
        }
        at++;
        skipSpace();
        start = at;
        return inObject() ? name() : value(require());
    }

    private Token nothing() throws JsonFault {
        if (at < end) {
            throw malformed();
        }
        return Token.NONE;
    }

    private Token close(boolean object) throws JsonFault {
        if (inObject() != object) {
            throw malformed();
        }
        at++;
        depth--;
        expect = depth == 0 ? Expect.NOTHING : Expect.COMMA_OR_END;
        return object ? Token.OBJECT_END : Token.ARRAY_END;
    }

    private Token open(boolean object) throws JsonFault {
        if (depth == MAX_NESTING) {
            throw new JsonFault(JsonFault.Kind.TOO_LONG, at);
        }
        at++;
        depth++;
        long bit = 1L << depth;
        int word = depth / Long.SIZE;
        objects[word] = object ? objects[word] | bit : objects[word] & ~bit;
        expect = object ? Expect.NAME_OR_END : Expect.VALUE_OR_END;
        return object ? Token.OBJECT : Token.ARRAY;
    }

    private boolean inObject() {
        return (objects[depth / Long.SIZE] >>> depth & 1) != 0;
    }

    private Token value(int octet) throws JsonFault {
        if (octet == '{' || octet == '[') {
            return open(octet == '{');
        }
        expect = depth == 0 ? Expect.NOTHING : Expect.COMMA_OR_END;
        return switch (octet) {
            case '"' -> {
                string();
                yield Token.STRING;
            }
            case 't' -> literal("true", Token.TRUE);
            case 'f' -> literal("false", Token.FALSE);
            case 'n' -> literal("null", Token.NULL);
            default -> number(octet);
        };
    }

    private Token name() throws JsonFault {
        if (require() != '"') {
            throw malformed();
        }
        string();
        tokenEnd = at;
        if (lone) {
            throw malformed();
        }
        if (tokenEnd - start > MAX_NAME_LENGTH + 2) {
            throw new JsonFault(JsonFault.Kind.TOO_LONG, start);
        }
        skipSpace();
        if (require() != ':') {
            throw malformed();
        }
        at++;
        expect = Expect.VALUE;
        return Token.NAME;
    }

    private Token literal(String text, Token literal) throws JsonFault {
        for (int i = 0; i < text.length(); i++, at++) {
            if (require() != text.charAt(i)) {
                throw malformed();
            }
        }
        return literal;
    }

    /** RFC 8259 section 6. */
    private Token number(int first) throws JsonFault {
        if (first == '-') {
            at++;
        }
        if (require() == '0') {
            at++;
        } else {
            digits();
        }
        if (peek() == '.') {
            at++;
            digits();
        }
        if ((peek() | 0x20) == 'e') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            digits();
        }
        if (at - start > MAX_NUMBER_LENGTH) {
            throw new JsonFault(JsonFault.Kind.TOO_LONG, start);
        }
        return Token.NUMBER;
    }

    private void digits() throws JsonFault {
        int first = require();
        if (first < '0' || first > '9') {
            throw malformed();
        }
        do {
            at++;
        } while (at < end && json.get(at) >= '0' && json.get(at) <= '9');
    }

    /** From its opening quote to behind its closing one. */
    private void string() throws JsonFault {
        plain = true;
        lone = false;
        at++;
        while (true) {
            skipPlain();
            int octet = require();
            if (octet == '"') {
                at++;
                return;
            }
            plain = false;
            if (octet == '\\') {
                escape();
            } else if (octet >= 0x80) {
                at += sequence(octet);
            } else {
                throw malformed();
            }
        }
    }

    /** To the next quote, backslash, control character or octet that is no ASCII: eight octets at a time. */
    private void skipPlain() {
        while (end - at >= Long.BYTES) {
            long octets = json.getLong(at);
            long special = Swar.beyondAscii(octets)
                    | Swar.below(octets, ' ')
                    | Swar.equal(octets, '"')
                    | Swar.equal(octets, '\\');
            if (special != 0) {
                at += Swar.first(special);
                return;
            }
            at += Long.BYTES;
        }
        while (at < end && isPlain(json.get(at))) {
            at++;
        }
    }

    private static boolean isPlain(byte octet) {
        return octet >= 0x20 && octet != '"' && octet != '\\';
    }

    private void escape() throws JsonFault {
        at++;
        switch (require()) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at++;
            case 'u' -> {
                at++;
                surrogate((char) hex4());
            }
            default -> throw malformed();
        }
    }

    private int hex4() throws JsonFault {
        int value = 0;
        for (int i = 0; i < 4; i++, at++) {
            int digit = Character.digit(require(), 16);
            if (digit < 0) {
                throw malformed();
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /** Notes a half of a pair without its other one. */
    private void surrogate(char escaped) throws JsonFault {
        if (Character.isHighSurrogate(escaped) && end - at >= 2 && json.get(at) == '\\' && json.get(at + 1) == 'u') {
            at += 2;
            int low = hex4();
            lone |= !Character.isLowSurrogate((char) low);
        } else {
            lone |= Character.isSurrogate(escaped);
        }
    }

    /** The length of the UTF-8 sequence that begins here; RFC 3629 section 4. */
    private int sequence(int lead) throws JsonFault {
        if (lead < 0xc2 || lead > 0xf4) {
            throw malformed();
        }
        int length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        int lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        int highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        for (int i = 1; i < length; i++) {
            if (at + i >= end) {
                throw tooEarly();
            }
            int octet = json.get(at + i) & 0xff;
            if (octet < lowest || octet > highest) {
                throw malformed();
            }
            lowest = 0x80;
            highest = 0xbf;
        }
        return length;
    }

    private void skipSpace() {
        while (at < end) {
            int octet = json.get(at);
            if (octet != ' ' && octet != '\n' && octet != '\r' && octet != '\t') {
                return;
            }
            at++;
        }
    }

    private int require() throws JsonFault {
        if (at >= end) {
            throw tooEarly();
        }
        return json.get(at) & 0xff;
    }

    private int peek() {
        return at < end ? json.get(at) : -1;
    }

    private JsonFault malformed() {
        return new JsonFault(JsonFault.Kind.MALFORMED, at);
    }

    private JsonFault tooEarly() {
        return new JsonFault(JsonFault.Kind.TOO_EARLY, end);
    }
}

package dev.weir.core;

import org.jspecify.annotations.Nullable;

/**
 * How the end of a message's body is found (RFC 9112 section 6.3).
 *
 * @param kind which rule applies
 * @param length the body's length when {@code kind} is LENGTH, else 0
 */
public record BodyFraming(Kind kind, long length) {
    /** The rules of RFC 9112 section 6.3. */
    public enum Kind {
        NONE,
        LENGTH,
        CHUNKED,
        UNTIL_CLOSE
    }

    public static final BodyFraming NONE = new BodyFraming(Kind.NONE, 0);
    public static final BodyFraming CHUNKED = new BodyFraming(Kind.CHUNKED, 0);
    public static final BodyFraming UNTIL_CLOSE = new BodyFraming(Kind.UNTIL_CLOSE, 0);

    private static final int MAX_LENGTH_DIGITS = 18;

    static BodyFraming ofLength(long length) {
        return length == 0 ? NONE : new BodyFraming(Kind.LENGTH, length);
    }

    /** A request's framing. Two ways to read it are one too many: anything ambiguous is refused. */
    static BodyFraming ofRequest(Headers headers, boolean http10) throws BadMessageException {
        String length = only(headers, "Content-Length", "content-length");
        String coding = only(headers, "Transfer-Encoding", "transfer-encoding");
        if (coding == null) {
            return length == null ? NONE : ofLength(parseLength(length));
        }
        if (http10) {
            throw new BadMessageException(400, "transfer-encoding in an HTTP/1.0 request");
        }
        if (length != null) {
            throw new BadMessageException(400, "both content-length and transfer-encoding");
        }
        if (coding.equalsIgnoreCase("chunked")) {
            return CHUNKED;
        }
        int comma = coding.lastIndexOf(',');
        boolean chunkedLast = coding.substring(comma + 1).trim().equalsIgnoreCase("chunked");
        if (!chunkedLast || Headers.holdsToken(coding.substring(0, comma), "chunked")) {
            throw new BadMessageException(400, "the last transfer coding is not chunked, or chunked comes twice");
        }
        throw new BadMessageException(501, "a transfer coding other than chunked");
    }

    /** A response's framing; {@code bodiless} for answers to HEAD, 204 and 304. */
    public static BodyFraming ofResponse(Headers headers, boolean http10, boolean bodiless) throws BadMessageException {
        String length = only(headers, "Content-Length", "content-length");
        String coding = only(headers, "Transfer-Encoding", "transfer-encoding");
        if (coding != null && (http10 || length != null || !coding.equalsIgnoreCase("chunked"))) {
            throw new BadMessageException(502, "a transfer-encoding that is not plain chunked");
        }
        long bytes = length == null ? -1 : parseLength(length);
        if (bodiless) {
            return NONE;
        }
        if (coding != null) {
            return CHUNKED;
        }
        return length == null ? UNTIL_CLOSE : ofLength(bytes);
    }

    private static @Nullable String only(Headers headers, String name, String shown) throws BadMessageException {
        String first = headers.get(name);
        if (first != null && headers.count(name) > 1) {
            throw new BadMessageException(400, "more than one " + shown);
        }
        return first;
    }

    /** {@code 1*DIGIT}: no sign, no list, no overflow. Zeros in front mean nothing. */
    static long parseLength(String text) throws BadMessageException {
        int digits = text.length();
        int first = 0;
        while (first < digits - 1 && text.charAt(first) == '0') {
            first++;
        }
        if (digits == 0 || digits - first > MAX_LENGTH_DIGITS) {
            throw new BadMessageException(400, "an invalid content-length");
        }
        long value = 0;
        for (int i = first; i < digits; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                throw new BadMessageException(400, "an invalid content-length");
            }
            value = 10 * value + (c - '0');
        }
        return value;
    }
}

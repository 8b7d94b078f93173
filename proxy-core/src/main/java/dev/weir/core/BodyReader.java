package dev.weir.core;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Follows the framing of one body after another on a connection and yields the payload as slices of what was read
 * (RFC 9112 sections 6 and 7).
 *
 * <p>Chunk lines are exactly {@code 1*HEX [extensions] CRLF}; extensions are bounded and dropped, trailers checked and
 * dropped. Runs on the event loop.
 */
public final class BodyReader {
    /** Chunk extensions of one body together: nobody uses them, and tiny chunks with long ones multiply a body's cost. */
    private static final int MAX_EXTENSION_BYTES = 16 * 1024;

    private static final int MAX_CHUNK_LINE_BYTES = 4 * 1024;
    /** Far beyond any body, and so small that one more digit cannot overflow. */
    private static final long MAX_CHUNK_BYTES = Long.MAX_VALUE / 32;

    private enum State {
        ENDED,
        PAYLOAD,
        UNTIL_CLOSE,
        CHUNK_LINE,
        CHUNK_PAYLOAD,
        CHUNK_END,
        TRAILERS
    }

    private final FieldLines lines;
    private State state = State.ENDED;
    private long remaining;
    private int extensionBytes;

    BodyReader(FieldLines lines) {
        this.lines = lines;
    }

    /** Begins the next body. */
    void begin(BodyFraming framing) {
        remaining = framing.length();
        extensionBytes = 0;
        state = switch (framing.kind()) {
            case NONE -> State.ENDED;
            case LENGTH -> State.PAYLOAD;
            case CHUNKED -> State.CHUNK_LINE;
            case UNTIL_CLOSE -> State.UNTIL_CLOSE;
        };
    }

    /** Whether the body has been read to its end; a body that ends with the connection never says so. */
    public boolean ended() {
        return state == State.ENDED;
    }

    /** Whether the end of the connection is this body's end. */
    public boolean endsWithConnection() {
        return state == State.UNTIL_CLOSE;
    }

    /** Payload bytes still to come of a body whose length was announced; 0 for other framings. */
    public long remainingLength() {
        return state == State.PAYLOAD ? remaining : 0;
    }

    /**
     * Reads on. Consumes framing and payload.
     *
     * @return the next payload as a retained slice of {@code in} (the caller releases it), or null when {@code in} holds no
     *     more of it
     * @throws BadMessageException if the framing is broken; nothing more may be read
     */
    public @Nullable ByteBuf next(ByteBuf in) throws BadMessageException {
        while (true) {
            switch (state) {
                case ENDED -> {
                    return null;
                }
                case PAYLOAD, CHUNK_PAYLOAD -> {
                    int available = (int) Math.min(remaining, in.readableBytes());
                    if (available == 0) {
                        return null;
                    }
                    remaining -= available;
                    if (remaining == 0) {
                        state = state == State.PAYLOAD ? State.ENDED : State.CHUNK_END;
                    }
                    return in.readRetainedSlice(available);
                }
                case UNTIL_CLOSE -> {
                    int available = in.readableBytes();
                    return available == 0 ? null : in.readRetainedSlice(available);
                }
                case CHUNK_LINE -> {
                    if (!readChunkLine(in)) {
                        return null;
                    }
                }
                case CHUNK_END -> {
                    if (in.readableBytes() < 2) {
                        if (in.isReadable() && in.getByte(in.readerIndex()) != '\r') {
                            throw badChunk();
                        }
                        return null;
                    }
                    if (in.readShort() != 0x0d0a) {
                        throw badChunk();
                    }
                    state = State.CHUNK_LINE;
                }
                case TRAILERS -> {
                    if (!lines.readSection(in, null, false)) {
                        return null;
                    }
                    state = State.ENDED;
                }
            }
        }
    }

    private boolean readChunkLine(ByteBuf in) throws BadMessageException {
        if (!lines.nextLine(in, MAX_CHUNK_LINE_BYTES, 400)) {
            return false;
        }
        byte[] line = lines.line();
        int length = lines.length();
        int digits = 0;
        long size = 0;
        while (digits < length) {
            int digit = Octets.hex(line[digits]);
            if (digit < 0) {
                break;
            }
            digits++;
            size = 16 * size + digit;
            if (size > MAX_CHUNK_BYTES) {
                throw new BadMessageException(400, "a chunk size out of range");
            }
        }
        if (digits == 0) {
            throw new BadMessageException(400, "an invalid chunk size");
        }
        if (digits < length) {
            checkExtensions(line, digits, length);
        }
        remaining = size;
        if (size > 0) {
            state = State.CHUNK_PAYLOAD;
        } else {
            lines.beginSection();
            state = State.TRAILERS;
        }
        return true;
    }

    /** {@code *( BWS ";" BWS name [ BWS "=" BWS value ] )}, RFC 9112 section 7.1.1. */
    private void checkExtensions(byte[] line, int from, int to) throws BadMessageException {
        extensionBytes += to - from;
        if (extensionBytes > MAX_EXTENSION_BYTES) {
            throw new BadMessageException(400, "too many bytes of chunk extensions");
        }
        int at = from;
        while (at < to) {
            at = skipBlanks(line, at, to);
            if (at == to || line[at] != ';') {
                throw new BadMessageException(400, "an invalid chunk size");
            }
            at = skipToken(line, skipBlanks(line, at + 1, to), to);
            int equals = skipBlanks(line, at, to);
            if (equals < to && line[equals] == '=') {
                int value = skipBlanks(line, equals + 1, to);
                at = value < to && line[value] == '"' ? skipQuoted(line, value, to) : skipToken(line, value, to);
            }
        }
    }

    private static int skipBlanks(byte[] line, int from, int to) {
        int at = from;
        while (at < to && (line[at] == ' ' || line[at] == '\t')) {
            at++;
        }
        return at;
    }

    private static int skipToken(byte[] line, int from, int to) throws BadMessageException {
        int at = from;
        while (at < to && Octets.isToken(line[at])) {
            at++;
        }
        if (at == from) {
            throw badExtension();
        }
        return at;
    }

    /** Begins at the opening quote; the closing one must stand on the same line. */
    private static int skipQuoted(byte[] line, int from, int to) throws BadMessageException {
        boolean escaped = false;
        for (int at = from + 1; at < to; at++) {
            int octet = line[at] & 0xff;
            if (!Octets.isFieldText(octet)) {
                throw badExtension();
            }
            if (octet == '"' && !escaped) {
                return at + 1;
            }
            escaped = octet == '\\' && !escaped;
        }
        throw badExtension();
    }

    private static BadMessageException badExtension() {
        return new BadMessageException(400, "an invalid chunk extension");
    }

    private static BadMessageException badChunk() {
        return new BadMessageException(400, "a chunk longer than its size");
    }
}

package dev.weir.testing;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one message body piece by piece in any of the framings of RFC 9112 section 6. */
final class BodyReader {
    /** What tells the end of the body. */
    enum Framing {
        NONE,
        LENGTH,
        CHUNKED,
        UNTIL_CLOSE
    }

    private static final int PIECE_BYTES = 64 * 1024;

    private final Wire wire;
    private final MessageReader reader;
    private final Framing framing;
    private final List<String> chunkHeads = new ArrayList<>();
    private long remainingBytes;
    private HeaderFields trailers = HeaderFields.NONE;
    private boolean ended;
    private boolean complete;

    BodyReader(Wire wire, Framing framing, long lengthBytes) {
        this.wire = wire;
        this.reader = new MessageReader(wire);
        this.framing = framing;
        this.remainingBytes = lengthBytes;
        if (framing == Framing.NONE || (framing == Framing.LENGTH && lengthBytes == 0)) {
            end(true);
        }
    }

    static BodyReader ofResponse(Wire wire, HeaderFields fields, int status, boolean forHead) {
        if (forHead || status < 200 || status == 204 || status == 304) {
            return new BodyReader(wire, Framing.NONE, 0);
        }
        return of(wire, fields, Framing.UNTIL_CLOSE);
    }

    static BodyReader ofRequest(Wire wire, HeaderFields fields) {
        return of(wire, fields, Framing.NONE);
    }

    private static BodyReader of(Wire wire, HeaderFields fields, Framing withoutEither) {
        List<String> lengths = fields.all("content-length");
        if (fields.has("transfer-encoding")) {
            if (!fields.all("transfer-encoding").equals(List.of("chunked")) || !lengths.isEmpty()) {
                throw new MalformedMessage("framing: transfer-encoding " + fields.all("transfer-encoding")
                        + " and content-length " + lengths + " (expected: chunked alone)");
            }
            return new BodyReader(wire, Framing.CHUNKED, 0);
        }
        if (lengths.isEmpty()) {
            return new BodyReader(wire, withoutEither, 0);
        }
        if (lengths.size() > 1 || !lengths.get(0).matches("[0-9]{1,18}")) {
            throw new MalformedMessage("content-length: " + lengths + " (expected: one number)");
        }
        return new BodyReader(wire, Framing.LENGTH, Long.parseLong(lengths.get(0)));
    }

    Framing framing() {
        return framing;
    }

    /** Whether the body has come to its end in the way its framing demands. */
    boolean complete() {
        return complete;
    }

    HeaderFields trailers() {
        return trailers;
    }

    /** The chunk heads as they came, extensions included, without the last one. */
    List<String> chunkHeads() {
        return chunkHeads;
    }

    /**
     * The next piece, or null at the end: of a chunked body the whole payload of one chunk (what there is of it when the
     * connection ends inside), else the bytes at hand.
     */
    byte @Nullable [] next(Deadline deadline) {
        if (ended) {
            return null;
        }
        return switch (framing) {
            case NONE -> null;
            case LENGTH -> nextOfLength(deadline);
            case CHUNKED -> nextChunk(deadline);
            case UNTIL_CLOSE -> nextUntilClose(deadline);
        };
    }

    byte[] readAll(Deadline deadline) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] piece = next(deadline); piece != null; piece = next(deadline)) {
            bytes.writeBytes(piece);
        }
        return bytes.toByteArray();
    }

    private byte @Nullable [] nextOfLength(Deadline deadline) {
        byte[] piece = wire.readSome((int) Math.min(PIECE_BYTES, remainingBytes), deadline);
        remainingBytes -= piece.length;
        if (piece.length == 0) {
            return end(false);
        }
        if (remainingBytes == 0) {
            end(true);
        }
        return piece;
    }

    private byte @Nullable [] nextUntilClose(Deadline deadline) {
        byte[] piece = wire.readSome(PIECE_BYTES, deadline);
        return piece.length == 0 ? end(wire.settledEnd(deadline) == Wire.End.FIN) : piece;
    }

    private byte @Nullable [] nextChunk(Deadline deadline) {
        String chunkHead = reader.readLine(new StringBuilder(), deadline);
        if (chunkHead == null) {
            return end(false);
        }
        int size = chunkSize(chunkHead);
        if (size == 0) {
            HeaderFields read = reader.readTrailers(deadline);
            trailers = read == null ? HeaderFields.NONE : read;
            return end(read != null);
        }
        chunkHeads.add(chunkHead);
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        while (payload.size() < size) {
            byte[] piece = wire.readSome(size - payload.size(), deadline);
            if (piece.length == 0) {
                end(false);
                return payload.size() == 0 ? null : payload.toByteArray();
            }
            payload.writeBytes(piece);
        }
        String rest = reader.readLine(new StringBuilder(), deadline);
        if (rest == null) {
            end(false);
        } else if (!rest.isEmpty()) {
            throw new MalformedMessage("chunk of " + size + " bytes: \"" + rest + "\" after it (expected: CRLF)");
        }
        return payload.toByteArray();
    }

    static int chunkSize(String chunkHead) {
        String digits = chunkHead.split(";", 2)[0].strip();
        if (!digits.matches("[0-9a-fA-F]{1,7}")) {
            throw new MalformedMessage("chunk head: \"" + chunkHead + "\" (expected: a size in hex)");
        }
        return Integer.parseInt(digits, 16);
    }

    private byte @Nullable [] end(boolean whole) {
        ended = true;
        complete = whole;
        return null;
    }
}

package dev.weir.pipeline.cache;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Answers as bytes for a store outside this process: {@code WC}, a version, the kind, when it was stored and expires
 * (milliseconds since 1970), content type and model (each with a length of two bytes), the body (four), and a CRC-32C of all
 * that. What another version wrote, or what is damaged, reads as nothing. Stateless.
 */
final class AnswerCodec {
    private static final short MAGIC = 'W' << 8 | 'C';
    private static final byte VERSION = 1;
    private static final int FIXED_BYTES = 2 + 1 + 1 + 8 + 8 + 2 + 2 + 4 + 4;
    private static final int CHECKSUM_BYTES = 4;

    private AnswerCodec() {}

    static byte[] encode(CachedAnswer answer) {
        byte[] contentType = answer.contentType().getBytes(StandardCharsets.UTF_8);
        byte[] model = answer.model().getBytes(StandardCharsets.UTF_8);
        byte[] body = answer.body();
        ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + contentType.length + model.length + body.length);
        out.putShort(MAGIC)
                .put(VERSION)
                .put(tag(answer.kind()))
                .putLong(answer.storedAtMillis())
                .putLong(answer.expiresAtMillis());
        out.putShort((short) contentType.length).put(contentType);
        out.putShort((short) model.length).put(model);
        out.putInt(body.length).put(body);
        out.putInt(checksum(out.array()));
        return out.array();
    }

    /** The answer; null if these bytes are none. */
    static @Nullable CachedAnswer decode(byte[] bytes) {
        if (bytes.length < FIXED_BYTES) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        boolean readable = in.getShort() == MAGIC
                && in.get() == VERSION
                && in.getInt(bytes.length - CHECKSUM_BYTES) == checksum(bytes);
        if (!readable) {
            return null;
        }
        try {
            return read(in);
        } catch (BufferUnderflowException | IllegalArgumentException notOurs) {
            return null;
        }
    }

    private static @Nullable CachedAnswer read(ByteBuffer in) {
        byte tag = in.get();
        long storedAtMillis = in.getLong();
        long expiresAtMillis = in.getLong();
        String contentType = text(in);
        String model = text(in);
        int length = in.getInt();
        if (length != in.remaining() - CHECKSUM_BYTES) {
            return null;
        }
        byte[] body = new byte[length];
        in.get(body);
        AnswerKind kind = tag == tag(AnswerKind.EMBEDDINGS) ? AnswerKind.EMBEDDINGS : AnswerKind.RESPONSES;
        return new CachedAnswer(kind, body, contentType, model, storedAtMillis, expiresAtMillis);
    }

    private static byte tag(AnswerKind kind) {
        return (byte) (kind == AnswerKind.EMBEDDINGS ? 'e' : 'r');
    }

    private static String text(ByteBuffer in) {
        int length = in.getShort() & 0xffff;
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Of everything but the checksum itself. */
    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CHECKSUM_BYTES);
        return (int) crc.getValue();
    }
}

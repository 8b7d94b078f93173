package dev.weir.pipeline.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** A row on disk: its length and its CRC-32C (RFC 3720 appendix B.4), a version, its number, its conversation's title, its JSON. */
final class SpillFrame {
    static final int HEAD_BYTES = 8;

    private static final int MIN_BYTES = Byte.BYTES + Long.BYTES + Integer.BYTES;
    private static final int MAX_BYTES = 256 << 20;
    private static final byte VERSION = 3;

    private SpillFrame() {}

    static byte[] of(StoredRow row) {
        byte[] title = title(row).getBytes(StandardCharsets.UTF_8);
        int length = MIN_BYTES + title.length + row.json().length;
        ByteBuffer frame = ByteBuffer.allocate(HEAD_BYTES + length);
        frame.position(HEAD_BYTES)
                .put(VERSION)
                .putLong(row.sequence())
                .putInt(title.length)
                .put(title)
                .put(row.json())
                .flip();
        return frame.putInt(length).putInt(checksum(frame, length)).array();
    }

    /** What its conversation is called: a row has that beside it. */
    private static String title(StoredRow row) {
        Conversation conversation = row.conversation();
        return conversation == null ? "" : conversation.title();
    }

    private static int checksum(ByteBuffer frame, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(frame.slice(HEAD_BYTES, length));
        return (int) checksum.getValue();
    }

    /** How many bytes follow {@code head}; less than none if it is no head, as zeros are none. */
    static int length(ByteBuffer head) {
        int length = head.getInt(0);
        return length >= MIN_BYTES && length <= MAX_BYTES ? length : -1;
    }

    /** Whether this frame is as it was written. */
    static boolean isWhole(ByteBuffer frame) {
        return frame.getInt(Integer.BYTES) == checksum(frame, frame.capacity() - HEAD_BYTES);
    }

    /** @throws IOException if this is no row, or one of another version */
    static StoredRow read(ByteBuffer frame) throws IOException {
        frame.position(HEAD_BYTES);
        int version = frame.get();
        if (version != VERSION) {
            throw new IOException("a row of version " + version + " (expected: " + VERSION + ")");
        }
        long sequence = frame.getLong();
        String title = new String(next(frame, frame.getInt()), StandardCharsets.UTF_8);
        AuditRow row = PageJson.row(sequence, next(frame, frame.remaining()));
        return StoredRow.of(row.alone() ? row : new AuditRow(sequence, row.entry(), title, false));
    }

    private static byte[] next(ByteBuffer frame, int length) throws IOException {
        if (length < 0 || length > frame.remaining()) {
            throw new IOException("a text of " + length + " bytes");
        }
        byte[] next = new byte[length];
        frame.get(next);
        return next;
    }
}

package dev.weir.pipeline.audit;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** The beginning of a body, copied as it passes: no longer than allowed, and no longer than all copies together may be. */
final class BodyCopy {
    private static final byte[] NOTHING = {};

    private final ByteBudget budget;
    private int maxBytes;
    private byte[] bytes;
    private int length;
    private boolean cut;

    /** @param expectedBytes how much will come, as far as one knows */
    BodyCopy(int maxBytes, int expectedBytes, ByteBudget budget) {
        this.budget = budget;
        this.maxBytes = maxBytes;
        this.bytes = NOTHING;
        if (!grow(expectedBytes)) {
            this.maxBytes = 0;
        }
    }

    /** Copies what is readable. Borrows {@code part} and moves no index. */
    void add(ByteBuf part) {
        int more = part.readableBytes();
        int room = maxBytes - length;
        int taken = Math.min(more, room);
        if (length + taken > bytes.length && !grow(Math.min(maxBytes, Math.max(2 * bytes.length, length + taken)))) {
            taken = bytes.length - length;
            maxBytes = bytes.length;
        }
        cut |= taken < more;
        part.getBytes(part.readerIndex(), bytes, length, taken);
        length += taken;
    }

    private boolean grow(int size) {
        if (!budget.take(size - bytes.length)) {
            return false;
        }
        bytes = Arrays.copyOf(bytes, size);
        return true;
    }

    /** Whether some of the body is missing at the end. */
    boolean isCut() {
        return cut;
    }

    /** What was copied, no longer than it is. Belongs to the caller once this is released. */
    byte[] bytes() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    /** Gives back what it has taken; it is empty from then on. Not twice. */
    void release() {
        budget.giveBack(bytes.length);
        bytes = NOTHING;
        length = 0;
    }
}

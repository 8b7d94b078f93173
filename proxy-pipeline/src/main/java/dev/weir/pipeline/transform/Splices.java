package dev.weir.pipeline.transform;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/**
 * Edits of a body, noted in the order of its bytes and made at once; what lies between them stays as it came. Borrows the
 * body. Confined to the event loop of its exchange.
 */
final class Splices {
    private static final byte[] NOTHING = {};

    /** Up to here the result is a copy; beyond it shares the bytes that stay. */
    private static final int COPY_BYTES = 16 * 1024;

    private final ByteBuf body;
    private final List<Splice> splices = new ArrayList<>(4);
    private int growth;

    Splices(ByteBuf body) {
        this.body = body;
    }

    /** Bytes in the place of others; offsets from the body's reader index. */
    @SuppressWarnings("ArrayRecordComponent") // written once and copied out
    private record Splice(int start, int end, byte[] replacement) {}

    boolean isEmpty() {
        return splices.isEmpty();
    }

    void remove(int start, int end) {
        replace(start, end, NOTHING);
    }

    void insert(int at, byte[] bytes) {
        replace(at, at, bytes);
    }

    void replace(int start, int end, byte[] replacement) {
        splices.add(new Splice(start, end, replacement));
        growth += replacement.length - (end - start);
    }

    /** The edited body. The caller releases it; the one it was made of is still its owner's. */
    ByteBuf apply() {
        int length = body.readableBytes() + growth;
        boolean copied = length <= COPY_BYTES;
        ByteBuf result = copied
                ? PooledByteBufAllocator.DEFAULT.directBuffer(length)
                : PooledByteBufAllocator.DEFAULT.compositeBuffer(2 * splices.size() + 1);
        int from = 0;
        for (Splice splice : splices) {
            keep(result, from, splice.start);
            if (result instanceof CompositeByteBuf composite) {
                composite.addComponent(true, Unpooled.wrappedBuffer(splice.replacement));
            } else {
                result.writeBytes(splice.replacement);
            }
            from = splice.end;
        }
        keep(result, from, body.readableBytes());
        return result;
    }

    private void keep(ByteBuf result, int from, int to) {
        int start = body.readerIndex() + from;
        if (result instanceof CompositeByteBuf composite) {
            composite.addComponent(true, body.retainedSlice(start, to - from));
        } else {
            result.writeBytes(body, start, to - from);
        }
    }
}

package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Collects a request's body without copying large parts. Small parts are copied together, for each would pin the whole
 * buffer it was read into: a client that drips bytes must not hold many times what it sends. Runs on the event loop.
 */
final class BodyCollector {
    private static final int COPY_BYTES = 4 * 1024;
    private static final int TAIL_BYTES = 16 * 1024;

    private final Engine engine;
    private final ByteBufAllocator alloc;
    private @Nullable ByteBuf first;
    private @Nullable CompositeByteBuf parts;
    private @Nullable ByteBuf tail;
    private long reserved;

    BodyCollector(Engine engine, ByteBufAllocator alloc) {
        this.engine = engine;
        this.alloc = alloc;
    }

    /** Bytes collected. */
    long size() {
        return reserved;
    }

    /** Takes {@code part}; returns false, having released it, if all bodies together would grow too large. */
    boolean add(ByteBuf part) {
        int length = part.readableBytes();
        if (!engine.reserveBuffer(length)) {
            part.release();
            return false;
        }
        reserved += length;
        if (first == null && parts == null) {
            first = part;
            return true;
        }
        CompositeByteBuf all = parts;
        if (all == null) {
            all = alloc.compositeBuffer(1024);
            parts = all;
            ByteBuf begun = first;
            first = null;
            if (begun != null) {
                append(all, begun);
            }
        }
        append(all, part);
        return true;
    }

    private void append(CompositeByteBuf all, ByteBuf part) {
        int length = part.readableBytes();
        if (length == 0) {
            part.release();
        } else if (length > COPY_BYTES) {
            closeTail(all);
            all.addComponent(true, part);
        } else {
            ByteBuf open = tail;
            if (open == null || open.maxWritableBytes() < length) {
                closeTail(all);
                open = alloc.directBuffer(COPY_BYTES, TAIL_BYTES);
                tail = open;
            }
            open.writeBytes(part);
            part.release();
        }
    }

    private void closeTail(CompositeByteBuf all) {
        if (tail != null) {
            all.addComponent(true, tail);
            tail = null;
        }
    }

    /** The whole body; the caller takes it. The room it takes stays reserved until {@link #release}. */
    ByteBuf finish() {
        CompositeByteBuf all = parts;
        if (all != null) {
            closeTail(all);
            parts = null;
            return all;
        }
        ByteBuf only = first;
        first = null;
        return only == null ? Unpooled.EMPTY_BUFFER : only;
    }

    /** Gives back the room, and what was collected but not taken. */
    void release() {
        engine.releaseBuffer(reserved);
        reserved = 0;
        finish().release();
    }
}

package dev.weir.pipeline.usage;

import dev.weir.core.Downstream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Passes a stream of events on without the one that OpenAI puts before {@code [DONE]} for those who ask: usage, and no
 * choices. Every other byte goes on as it came. What has no end yet of an event is held, for nobody can use it before; an
 * event that is too long to be the one is not.
 *
 * <p>Runs on the event loop of its exchange.
 */
final class UsageEventRemover {
    private static final int MAX_EVENT_BYTES = 64 * 1024;
    private static final int FIRST_HELD_BYTES = 1024;

    /** The beginning of an event. */
    private @Nullable ByteBuf held;

    /** Whether the stream stands in an event that was too long to be held. */
    private boolean passing;

    /** The last two bytes that were passed of it. */
    private int passed;

    /**
     * The next part of the stream. Takes {@code part}.
     *
     * @param told whether the usage was told in this part or before; else there is nothing to look for
     */
    void add(ByteBuf part, boolean last, boolean told, Downstream next) {
        ByteBuf rest = passing ? passRest(part, next) : part;
        ByteBuf before = held;
        int from = rest.readerIndex();
        if (before != null) {
            // Only an empty line that ends in the new bytes can be new.
            from = before.writerIndex();
            append(before, rest);
            rest = before;
            held = null;
        }
        int end = last ? rest.writerIndex() : Events.lastEnd(rest, from);
        if (end == rest.writerIndex()) {
            pass(rest, told, last, next);
            return;
        }
        if (end > rest.readerIndex()) {
            pass(rest.readRetainedSlice(end - rest.readerIndex()), told, false, next);
            held = copied(rest);
        } else if (rest.readableBytes() <= MAX_EVENT_BYTES) {
            held = before == null ? copied(rest) : before;
        } else {
            passLong(rest, next);
        }
    }

    /** Passes what is held, for no end of it will come. */
    void giveUp(Downstream next) {
        ByteBuf bytes = held;
        held = null;
        if (bytes != null) {
            next.writeBody(bytes, false);
        }
    }

    /** Releases what is held. */
    void release() {
        if (held != null) {
            held.release();
            held = null;
        }
    }

    private static void append(ByteBuf before, ByteBuf part) {
        before.writeBytes(part, part.readerIndex(), part.readableBytes());
        part.release();
    }

    private static ByteBuf copied(ByteBuf bytes) {
        int length = bytes.readableBytes();
        ByteBuf copy = PooledByteBufAllocator.DEFAULT.buffer(Math.max(FIRST_HELD_BYTES, length));
        copy.writeBytes(bytes);
        bytes.release();
        return copy;
    }

    /** Passes whole events. Takes {@code bytes}. */
    private static void pass(ByteBuf bytes, boolean told, boolean last, Downstream next) {
        int end = bytes.writerIndex();
        int at = told ? bytes.readerIndex() : end;
        while (at < end) {
            int eventEnd = Events.end(bytes, at, end);
            if (Events.tellsOnlyUsage(bytes, at, eventEnd)) {
                if (at > bytes.readerIndex()) {
                    next.writeBody(bytes.retainedSlice(bytes.readerIndex(), at - bytes.readerIndex()), false);
                }
                bytes.readerIndex(eventEnd);
            }
            at = eventEnd;
        }
        if (bytes.isReadable() || last) {
            next.writeBody(bytes, last);
        } else {
            bytes.release();
        }
    }

    /** Begins to pass an event as it comes. Takes {@code bytes}. */
    private void passLong(ByteBuf bytes, Downstream next) {
        passing = true;
        passed = bytes.getUnsignedShort(bytes.writerIndex() - 2);
        next.writeBody(bytes, false);
    }

    /** Passes what belongs to a long event; returns the rest. Takes {@code part}. */
    private ByteBuf passRest(ByteBuf part, Downstream next) {
        int end = part.writerIndex();
        for (int i = part.readerIndex(); i < end; i++) {
            int octet = part.getUnsignedByte(i);
            boolean ends = octet == '\n' && ((passed & 0xff) == '\n' || passed == 0x0a0d);
            passed = (passed & 0xff) << 8 | octet;
            if (ends) {
                passing = false;
                next.writeBody(part.readRetainedSlice(i + 1 - part.readerIndex()), false);
                return part;
            }
        }
        if (part.isReadable()) {
            next.writeBody(part.readRetainedSlice(part.readableBytes()), false);
        }
        return part;
    }
}

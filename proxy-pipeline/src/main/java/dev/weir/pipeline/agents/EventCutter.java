package dev.weir.pipeline.agents;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** Cuts a stream into server-sent events (WHATWG HTML section 9.2.5), lines ending in LF or CRLF. Runs on the event loop. */
final class EventCutter {
    /** An event that is longer is passed on in pieces. */
    private static final int MAX_EVENT_BYTES = 1024 * 1024;

    private ByteBuf pending = Unpooled.EMPTY_BUFFER;

    /** Up to where no event's end has been found, and where its last line begins. */
    private int scanned;

    private int lineStart;

    /** Takes {@code part}. */
    void add(ByteBuf part) {
        if (!pending.isReadable()) {
            pending.release();
            pending = part;
            scanned = part.readerIndex();
            lineStart = scanned;
            return;
        }
        int moved = pending.readerIndex();
        ByteBuf joined = Unpooled.buffer(pending.readableBytes() + part.readableBytes());
        joined.writeBytes(pending).writeBytes(part);
        pending.release();
        part.release();
        pending = joined;
        scanned -= moved;
        lineStart -= moved;
    }

    /** The next whole event, its empty line included, or null if there is none yet. */
    byte @Nullable [] next() {
        int end = pending.writerIndex();
        while (scanned < end) {
            int newline = pending.indexOf(scanned, end, (byte) '\n');
            if (newline < 0) {
                scanned = end;
                break;
            }
            int length = newline - lineStart;
            boolean empty = length == 0 || (length == 1 && pending.getByte(lineStart) == '\r');
            scanned = newline + 1;
            lineStart = scanned;
            if (empty) {
                return take(scanned - pending.readerIndex());
            }
        }
        return pending.readableBytes() > MAX_EVENT_BYTES ? rest() : null;
    }

    /** Whether anything is left, be it no whole event. */
    boolean isEmpty() {
        return !pending.isReadable();
    }

    /** What is left. */
    byte[] rest() {
        scanned = pending.writerIndex();
        lineStart = scanned;
        return take(pending.readableBytes());
    }

    private byte[] take(int length) {
        byte[] event = new byte[length];
        pending.readBytes(event);
        return event;
    }

    void release() {
        pending.release();
        pending = Unpooled.EMPTY_BUFFER;
        scanned = 0;
        lineStart = 0;
    }
}

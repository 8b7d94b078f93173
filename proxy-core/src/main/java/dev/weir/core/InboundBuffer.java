package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.ByteToMessageDecoder;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived from a client and has not been read yet. A client that sends further ahead of its turn than
 * {@value #MAX_AHEAD_BYTES} bytes is not read for a while. Runs on the event loop.
 */
final class InboundBuffer {
    /** Pipelined requests, or a body nobody has asked for yet. */
    private static final int MAX_AHEAD_BYTES = 64 * 1024;

    private final Channel channel;
    private @Nullable ByteBuf bytes;
    private boolean reading = true;

    InboundBuffer(Channel channel) {
        this.channel = channel;
    }

    /** Appends what was read from the socket. Takes {@code data}. */
    void add(ByteBuf data) {
        ByteBuf pending = bytes;
        bytes = pending == null ? data : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(channel.alloc(), pending, data);
    }

    /** What is there, to be consumed by moving its reader index. Borrowed until {@link #tidy}. */
    ByteBuf bytes() {
        return bytes == null ? Unpooled.EMPTY_BUFFER : bytes;
    }

    boolean isEmpty() {
        return bytes == null || !bytes.isReadable();
    }

    /** Gives back what was consumed; reads on from the socket unless much is left, or if somebody waits for more. */
    void tidy(boolean awaited) {
        ByteBuf pending = bytes;
        if (pending != null && !pending.isReadable()) {
            release();
            pending = null;
        }
        boolean read = awaited || pending == null || pending.readableBytes() < MAX_AHEAD_BYTES;
        if (read != reading) {
            reading = read;
            channel.config().setAutoRead(read);
        }
    }

    void release() {
        if (bytes != null) {
            bytes.release();
            bytes = null;
        }
    }
}

package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Watches that a peer takes the bytes that wait for it: a stalled one would hold its backend for ever. Costs nothing while
 * everything leaves at once. Runs on the event loop.
 *
 * <p>Progress is what the socket takes, not what is added meanwhile: the buffer in front must give way, or shrink. It is
 * retained while it is watched, so that no other can come in its place.
 */
final class WriteStall {
    private final Channel channel;
    private final Timeout timeout;
    private final Runnable onStalled;
    private long limitMillis;
    private boolean watching;
    private @Nullable ByteBuf front;
    private long frontProgress;

    /** @param onStalled runs when the peer took nothing for too long */
    WriteStall(Channel channel, Runnable onStalled) {
        this.channel = channel;
        this.onStalled = onStalled;
        this.timeout = new Timeout(channel.eventLoop(), this::look);
    }

    /** How long the peer may take nothing from now on; 0 for ever. */
    void limit(long millis) {
        limitMillis = millis;
    }

    /** To be called after a flush: begins to watch if something is left. */
    void watch() {
        if (!watching && limitMillis > 0 && isPending()) {
            watching = true;
            mark();
            timeout.set(limitMillis);
        }
    }

    /** Whether bytes wait for the peer. */
    boolean isPending() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound != null && outbound.totalPendingWriteBytes() > 0;
    }

    void close() {
        timeout.close();
        forget();
    }

    @SuppressWarnings("ReferenceEquality") // The very same buffer, not one of the same bytes.
    private void look() {
        watching = false;
        boolean stalled = isPending() && front != null && front == current() && frontProgress == progress();
        forget();
        if (stalled) {
            onStalled.run();
        } else {
            watch();
        }
    }

    private void mark() {
        ByteBuf current = current();
        front = current == null ? null : current.retain();
        frontProgress = progress();
    }

    private void forget() {
        if (front != null) {
            front.release();
            front = null;
        }
    }

    private @Nullable ByteBuf current() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound != null && outbound.current() instanceof ByteBuf buffer ? buffer : null;
    }

    private long progress() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound == null ? 0 : outbound.currentProgress();
    }
}

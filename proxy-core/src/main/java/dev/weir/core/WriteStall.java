package dev.weir.core;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * Watches that a peer takes the bytes that wait for it: a stalled one would hold its backend for ever. Costs nothing while
 * everything leaves at once. Runs on the event loop.
 */
final class WriteStall {
    private final Channel channel;
    private final Timeout timeout;
    private final Runnable onStalled;
    private long timeoutMillis;
    private boolean watching;
    private long progress;

    WriteStall(Channel channel, Runnable onStalled) {
        this.channel = channel;
        this.onStalled = onStalled;
        this.timeout = new Timeout(channel.eventLoop(), this::look);
    }

    /** To be called after a flush: begins to watch if something is left. */
    void watch(long millis) {
        if (!watching && millis > 0 && pendingBytes() > 0) {
            watching = true;
            timeoutMillis = millis;
            progress = mark();
            timeout.set(millis);
        }
    }

    void close() {
        timeout.close();
    }

    private void look() {
        watching = false;
        if (pendingBytes() == 0) {
            return;
        }
        if (mark() == progress) {
            onStalled.run();
        } else {
            watch(timeoutMillis);
        }
    }

    private long pendingBytes() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound == null ? 0 : outbound.totalPendingWriteBytes();
    }

    /** Changes whenever the socket took something or something was added. */
    private long mark() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound == null ? 0 : 31 * outbound.totalPendingWriteBytes() + outbound.currentProgress();
    }
}

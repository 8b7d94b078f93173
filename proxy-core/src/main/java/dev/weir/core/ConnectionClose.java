package dev.weir.core;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/**
 * The end of a client connection, such that the client reads what it was answered, or sees that it was cut (RFC 9112
 * sections 8 and 9.6). Runs on the event loop.
 */
final class ConnectionClose {
    private static final long LINGER_IDLE_MILLIS = 5_000;
    private static final long LINGER_TOTAL_NANOS = 30_000_000_000L;

    private final Channel channel;
    private final ResponseWriter writer;
    private final InboundBuffer inbound;
    private final Timeout timeout;
    private long lingerUntilNanos;

    /** @param timeout when it expires, its owner closes the channel */
    ConnectionClose(Channel channel, ResponseWriter writer, InboundBuffer inbound, Timeout timeout) {
        this.channel = channel;
        this.writer = writer;
        this.inbound = inbound;
        this.timeout = timeout;
    }

    /** Closes once everything has left. */
    void afterFlush() {
        dropUnread();
        writer.flushLast().addListener(ChannelFutureListener.CLOSE);
    }

    /**
     * Closes our side once everything has left, and reads theirs for a while: with bytes of the client still on their way,
     * an immediate close would reset the connection and take the answer with it.
     */
    void lingering() {
        dropUnread();
        writer.flushLast().addListener(written -> {
            if (written.isSuccess() && channel instanceof DuplexChannel duplex) {
                linger(duplex);
            } else {
                channel.close();
            }
        });
    }

    private void dropUnread() {
        timeout.clear();
        inbound.release();
        inbound.tidy(true);
    }

    private void linger(DuplexChannel duplex) {
        lingerUntilNanos = System.nanoTime() + LINGER_TOTAL_NANOS;
        timeout.set(LINGER_IDLE_MILLIS);
        SslHandler encryption = channel.pipeline().get(SslHandler.class);
        if (encryption == null) {
            duplex.shutdownOutput();
        } else {
            encryption.closeOutbound().addListener(closed -> duplex.shutdownOutput());
        }
    }

    /** The client sends on; what it sends is dropped. */
    void onRead() {
        if (lingerUntilNanos == 0) {
            return;
        }
        if (System.nanoTime() - lingerUntilNanos > 0) {
            channel.close();
        } else {
            timeout.set(LINGER_IDLE_MILLIS);
        }
    }

    /** Resets once everything has left: an orderly close would look like the end of a body. */
    void reset() {
        dropUnread();
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        writer.flushLast().addListener(written -> {
            // A close that passed the encryption would say goodbye first.
            ChannelHandlerContext encryption = channel.pipeline().context(SslHandler.class);
            if (encryption == null) {
                channel.close();
            } else {
                encryption.close();
            }
        });
    }
}

package dev.weir.core;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The body of one exchange's request: collected whole for those who read it, or streamed to an upstream as it comes. Bounded
 * by the route. Runs on the event loop.
 */
final class RequestBody {
    private final long maxBytes;
    private @Nullable BodyCollector collector;
    private @Nullable ByteBuf whole;
    private @Nullable Upstream stream;
    private long bytes;
    private boolean ended;

    /** @param maxBytes a larger body is refused */
    RequestBody(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Bytes received. */
    long bytes() {
        return bytes;
    }

    boolean isCollected() {
        return whole != null;
    }

    /** The collected body. Borrowed. */
    ByteBuf whole() {
        if (whole == null) {
            throw new IllegalStateException("body: not collected (expected: needsBody() to ask for it)");
        }
        return whole;
    }

    /** Puts another body in the place of the collected one. Takes {@code other}. */
    void replace(ByteBuf other) {
        whole().release();
        whole = other;
    }

    /** Begins to collect. */
    void collectWith(BodyCollector into) {
        collector = into;
    }

    /** From now on the body goes to {@code upstream}, unless it has been collected or has gone already. */
    boolean streamTo(Upstream upstream) {
        if (whole != null || ended) {
            return false;
        }
        stream = upstream;
        return true;
    }

    boolean isStreaming() {
        return stream != null;
    }

    /** Whether the upstream takes more. */
    boolean isWantedByStream() {
        return stream != null && stream.isWritable();
    }

    /** Refuses a body by its announced length. */
    void announce(long length) throws GatewayException {
        if (length > maxBytes) {
            throw tooLarge();
        }
    }

    /** The next part. Takes {@code part}; returns whether the body has been collected with it. */
    boolean add(ByteBuf part, boolean last) throws GatewayException {
        bytes += part.readableBytes();
        ended = last;
        if (bytes > maxBytes) {
            part.release();
            throw tooLarge();
        }
        if (stream != null) {
            stream.writeBody(part, last);
            return false;
        }
        if (collector == null) {
            part.release();
            return false;
        }
        if (!collector.add(part)) {
            throw new GatewayException(GatewayError.OVERLOADED, "too many request bodies are held at once")
                    .retryAfterMillis(1000);
        }
        if (last) {
            whole = collector.finish();
        }
        return last;
    }

    private GatewayException tooLarge() {
        return new GatewayException(
                GatewayError.BODY_TOO_LARGE, "the request body is larger than " + maxBytes + " bytes");
    }

    /** Gives back what is held. */
    void release() {
        if (whole != null) {
            whole.release();
            whole = null;
        }
        if (collector != null) {
            collector.release();
            collector = null;
        }
    }
}

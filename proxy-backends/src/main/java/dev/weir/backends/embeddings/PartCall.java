package dev.weir.backends.embeddings;

import dev.weir.core.Downstream;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The way back of one part: collects its answer, which is small, and hands it to the {@link FanOut}. Ends once. Runs on the
 * event loop.
 */
final class PartCall implements Downstream {
    private static final int MAX_ANSWER_BYTES = 1024 * 1024;

    private final FanOut fanOut;
    private final int index;
    private final ByteBuf request;
    private final ByteBuf answer = Unpooled.buffer(256, MAX_ANSWER_BYTES);
    private @Nullable Upstream upstream;
    private @Nullable ResponseHead head;
    private boolean over;

    /** @param request the part's body; taken */
    PartCall(FanOut fanOut, int index, ByteBuf request) {
        this.fanOut = fanOut;
        this.index = index;
        this.request = request;
    }

    int index() {
        return index;
    }

    ByteBuf request() {
        return request;
    }

    @Override
    public void writeHead(ResponseHead answered) {
        head = answered;
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        try {
            ResponseHead answered = head;
            if (over || answered == null) {
                return;
            }
            if (part.readableBytes() > MAX_ANSWER_BYTES - answer.writerIndex()) {
                stop();
                fanOut.failed(new GatewayException(
                        GatewayError.BACKEND_FAILED, "a backend's answer is too large for an embedding"));
                return;
            }
            answer.writeBytes(part);
            if (last) {
                end();
                fanOut.answered(this, answered, answer);
            }
        } finally {
            part.release();
        }
    }

    @Override
    public void fail(GatewayException failure) {
        if (!over) {
            end();
            fanOut.failed(failure);
        }
    }

    private void end() {
        over = true;
        request.release();
    }

    /** The whole is over, or cannot succeed any more: stops the work. */
    void stop() {
        if (over) {
            return;
        }
        end();
        if (upstream != null) {
            upstream.cancel();
        }
    }

    @Override
    public void flush() {}

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void attach(Upstream attached) {
        if (over) {
            attached.cancel();
        } else {
            upstream = attached;
        }
    }

    @Override
    public void resumeRequest() {}
}

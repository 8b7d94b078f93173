package dev.weir.core;

import io.netty.buffer.ByteBuf;

/** The way to a backend, as the engine sees it. Runs on the exchange's event loop. */
public interface Upstream {
    /**
     * A part of a request body that is streamed, in order. Takes {@code part}.
     *
     * @param last whether the body ends with this part, which may be empty
     */
    default void writeBody(ByteBuf part, boolean last) {
        part.release();
    }

    /** Whether more of the request's body can be taken now; if not, {@link Downstream#resumeRequest} asks for it. */
    default boolean isWritable() {
        return true;
    }

    /** The client takes more of the response again. */
    default void resume() {}

    /** The exchange is over: stop the work at once if it has not ended. Called exactly once. */
    void cancel();
}

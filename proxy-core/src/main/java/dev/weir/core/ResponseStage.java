package dev.weir.core;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A place on the way to the client: a filter's, or the connection itself. Runs on the event loop. */
abstract class ResponseStage implements Downstream {
    /**
     * The part that was given to this stage last, for the filter before it: one that throws may have passed its part on
     * already. Only compared, never used.
     */
    @Nullable
    ByteBuf taken;

    /** Whether a filter from here on wants the answer though the client has left. */
    abstract boolean outlivesClient();

    /** The exchange is over: tells this stage's filter, and those behind it. */
    abstract void ended(Outcome outcome);
}

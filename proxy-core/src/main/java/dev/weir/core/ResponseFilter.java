package dev.weir.core;

import io.netty.buffer.ByteBuf;

/**
 * Attached to one exchange by whoever cares about its response. State lives in its fields; all calls come on the
 * exchange's event loop.
 *
 * <p>Parts may be held, split, merged and delayed: what is written to {@code next} goes on, now or later. Backpressure is
 * the engine's, and that of filters which hold much.
 */
public interface ResponseFilter {
    /** The head on its way to the client; called at most once. */
    default void onHead(ResponseHead head, Downstream next) {
        next.writeHead(head);
    }

    /**
     * A part of the body. Takes {@code part}: passes it on, releases it or keeps it. If this throws, the engine releases what
     * was not passed on.
     *
     * @param last whether the body ends with this part, which may be empty
     */
    default void onBody(ByteBuf part, boolean last, Downstream next) {
        next.writeBody(part, last);
    }

    /**
     * Whether this filter has begun the answer by itself, before a head came: a failure then comes to {@link #onFailure}, for it
     * can be no answer of its own any more.
     */
    default boolean hasBegun() {
        return false;
    }

    /**
     * Whether more is taken now; while it is not, the backend is not read. A filter that holds parts says no when it holds
     * enough, and calls {@link Exchange#resumeResponse} when it takes more again.
     */
    default boolean isWritable(Downstream next) {
        return next.isWritable();
    }

    /**
     * Whether others than the client want this answer. Asked when the client has left before the end of its answer: if a filter
     * says yes, the backend's work goes on, filters see the rest of the answer as if nothing had happened, and what they pass on
     * goes nowhere; a request whose body streams ends nevertheless. Asked again on {@link Exchange#endIfUnwanted}, which is to be
     * called as soon as the yes has become a no.
     */
    default boolean outlivesClient() {
        return false;
    }

    /**
     * A failure after the head: the place to tell the client in its own format before the connection is cut. Called at most
     * once; no part comes after it.
     */
    default void onFailure(GatewayException failure, Downstream next) {
        next.fail(failure);
    }

    /**
     * The exchange is over, however it ended; called exactly once, and last, in the order in which filters see an answer.
     * What the filter still holds it releases here.
     */
    default void onEnd(Outcome outcome) {}
}

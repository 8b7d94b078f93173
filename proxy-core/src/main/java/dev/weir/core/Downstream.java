package dev.weir.core;

import io.netty.buffer.ByteBuf;

/**
 * The way to the client. Runs on the exchange's event loop. After the exchange has ended every call is a no-op that
 * releases what it takes.
 */
public interface Downstream {
    /** Sends the final response's head; once, before any body. */
    void writeHead(ResponseHead head);

    /**
     * Sends a part of the body. Takes {@code part}.
     *
     * @param last whether the body ends with this part, which may be empty
     */
    void writeBody(ByteBuf part, boolean last);

    /** Sends a whole answer. Takes its body. */
    default void respond(LocalResponse response) {
        writeHead(response.head());
        writeBody(response.body(), true);
        flush();
    }

    /** Makes what was written leave: once for each read from a backend. */
    void flush();

    /**
     * Ends the exchange with an error: an answer in the route's dialect before the head; after it a visible cut, which
     * filters may announce.
     */
    void fail(GatewayException failure);

    /** Whether the client takes more now; when it does not, stop reading from the backend until {@link Upstream#resume}. */
    boolean isWritable();

    /**
     * Names who is to be told about this exchange from now on. A body that was not collected starts to arrive at
     * {@link Upstream#writeBody}.
     */
    void attach(Upstream upstream);

    /** The upstream takes more of the request's body again, after {@link Upstream#isWritable} was false. */
    void resumeRequest();
}

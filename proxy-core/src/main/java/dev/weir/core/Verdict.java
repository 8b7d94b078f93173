package dev.weir.core;

import java.util.concurrent.CompletionStage;

/** What a middleware decides about a request. */
public sealed interface Verdict {
    /** The request goes on. Shared, so that a synchronous pass allocates nothing. */
    Verdict PROCEED = new Proceed();

    /** Answers now, a cache hit for instance. The answer passes back through the filters attached so far. */
    static Verdict respond(LocalResponse response) {
        return new Respond(response);
    }

    /** Refuses with an error in the route's dialect. */
    static Verdict reject(GatewayError error, String detail) {
        return new Reject(new GatewayException(error, detail));
    }

    /** Refuses with an error in the route's dialect. */
    static Verdict reject(GatewayException refusal) {
        return new Reject(refusal);
    }

    /**
     * Waits for a decision made elsewhere. Any thread may complete the stage; the chain goes on at the exchange's event loop.
     * A stage that is done already costs no hop. The engine bounds the wait and answers 503 at its end; a verdict that
     * comes later, or after the client left, is dropped and its resources released.
     */
    static Verdict await(CompletionStage<Verdict> pending) {
        return new Await(pending);
    }

    /** See {@link #PROCEED}. */
    record Proceed() implements Verdict {}

    /** See {@link #respond}. */
    record Respond(LocalResponse response) implements Verdict {}

    /** See {@link #reject}. */
    record Reject(GatewayException refusal) implements Verdict {}

    /** See {@link #await}. */
    record Await(CompletionStage<Verdict> pending) implements Verdict {}
}

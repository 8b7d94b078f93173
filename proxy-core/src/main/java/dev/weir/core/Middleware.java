package dev.weir.core;

/** One step that every request of a route passes. Shared by all event loops, so stateless or thread-safe. */
public interface Middleware {
    /** Whether {@link #onRequest} reads the body; the engine collects it just before the first that does. */
    default boolean needsBody() {
        return false;
    }

    /**
     * As {@link #needsBody()}, for a middleware that reads some bodies only: one it does not ask for may stream on. Called on
     * the event loop just before {@link #onRequest}.
     */
    default boolean needsBody(Exchange exchange) {
        return needsBody();
    }

    /**
     * Lets the request on, answers it, or waits.
     *
     * <p>Runs on the exchange's event loop and must not block it.
     *
     * @throws Exception becomes an error answer: a {@link GatewayException} its own, anything else a 500
     */
    Verdict onRequest(Exchange exchange) throws Exception;
}

package dev.weir.core;

/** Where a route leads: a backend group, the management API, a page. Shared by all event loops. */
public interface Endpoint {
    /** Whether the body is collected before {@link #serve}; else it is streamed to the attached {@link Upstream}. */
    default boolean needsBody() {
        return false;
    }

    /**
     * Answers the exchange, now or later, through {@code downstream}.
     *
     * <p>Runs on the exchange's event loop and must not block it.
     *
     * @throws Exception becomes an error answer
     */
    void serve(Exchange exchange, Downstream downstream) throws Exception;

    /** An endpoint that answers at once. */
    static Endpoint answering(Answer answer) {
        return (exchange, downstream) -> downstream.respond(answer.to(exchange));
    }

    /** Makes an answer without waiting. */
    @FunctionalInterface
    interface Answer {
        LocalResponse to(Exchange exchange) throws Exception;
    }
}

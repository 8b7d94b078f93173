package dev.weir.core;

/** Told what happens to exchanges, for logs and metrics. Runs on the event loops: must be quick and not throw. */
public interface ExchangeListener {
    ExchangeListener NONE = (exchange, outcome) -> {};

    /** An exchange is over. Called exactly once for each; its body is gone. */
    void ended(Exchange exchange, Outcome outcome);

    /** A connection was refused before there was an exchange: broken framing, a late head, too many connections. */
    default void refused(int status) {}
}

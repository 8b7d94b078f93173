package dev.weir.core;

import java.util.function.DoubleSupplier;

/**
 * Counts what operators should see. Asking again for a name gives the same meter, so a reload goes on counting. Label values
 * must come from the configuration or from a fixed list, never from a client. Any thread.
 */
public interface Meters {
    /** Counts what only grows; {@code _total} is added to its name. */
    Counter counter(String name, String help, String... labelNames);

    /** Has {@code value} read whenever somebody looks; the one given last counts. It must not block. */
    void gauge(String name, String help, DoubleSupplier value);

    /**
     * Counts values by their size.
     *
     * @param bounds upper bounds, ascending
     */
    Histogram histogram(String name, String help, double[] bounds, String... labelNames);

    /** See {@link Meters#counter}. */
    interface Counter {
        /** The counter of these label values; worth keeping. */
        Counter labels(String... values);

        void add(double amount);

        default void increment() {
            add(1);
        }
    }

    /** See {@link Meters#histogram}. */
    interface Histogram {
        /** The histogram of these label values; worth keeping. */
        Histogram labels(String... values);

        void observe(double value);
    }
}

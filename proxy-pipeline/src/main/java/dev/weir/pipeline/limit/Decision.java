package dev.weir.pipeline.limit;

/** Whether a request may go on, and how its buckets stand. */
sealed interface Decision {
    /** How the buckets stand, request included. */
    Standing standing();

    /** It may, and holds what it took until it is settled. */
    record Granted(Standing standing, Grant grant) implements Decision {}

    /** It may not: nothing was taken. */
    record Refused(Standing standing, Subject subject, Quantity quantity, long waitMicros) implements Decision {}

    /** What a request holds. */
    @FunctionalInterface
    interface Grant {
        /** The request is over and took {@code tokens}; called once, on any thread, and does not block. */
        void settle(long tokens);
    }
}

package dev.weir.backends;

/** Told what happens to backends, for logs and metrics. Any thread; must be quick and not throw. */
public interface BackendEvents {
    BackendEvents NONE = new BackendEvents() {};

    /** A target of {@code model}, a name of the configuration or of a backend, was chosen. */
    default void chosen(String model, Reason reason) {}

    /** A request is tried again elsewhere, or on a fresh connection, after {@code backend} failed. */
    default void retried(Backend backend) {}

    /** A model's fallback takes over. */
    default void fellBack(String from, String to) {}

    /** Failures of requests took {@code backend} out for a while. */
    default void ejected(Backend backend) {}

    /** Checks took {@code backend} out, or brought it back. */
    default void checked(Backend backend, boolean up) {}

    /** An attempt failed. */
    default void failed(Backend backend, String reason) {}

    /** Work on {@code backend} was stopped because its client left. */
    default void cancelled(Backend backend) {}

    /** Time passed between two parts of an event stream, in nanoseconds. */
    default void streamGap(long nanos) {}
}

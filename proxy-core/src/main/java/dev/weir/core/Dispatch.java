package dev.weir.core;

/**
 * How an exchange was handed to a backend, for logs, metrics and headers. Written by the backends module on the event loop;
 * times are {@link System#nanoTime}, 0 when not reached.
 */
public final class Dispatch {
    public static final Key<Dispatch> KEY = Key.of("dispatch");

    private String backend = "";
    private String model = "";
    private int attempts;
    private long queuedNanos;
    private long sentNanos;
    private long firstByteNanos;
    private boolean cancelled;

    /** An attempt begins on {@code backend} as {@code model}, the configured name that serves. */
    public void attempt(String backend, String model) {
        this.backend = backend;
        this.model = model;
        attempts++;
    }

    /** Adds time spent waiting for a free slot. */
    public void queued(long nanos) {
        queuedNanos += nanos;
    }

    /** The request was written to the backend. */
    public void sent(long now) {
        sentNanos = now;
        firstByteNanos = 0;
    }

    /** The backend's answer begins. */
    public void firstByte(long now) {
        if (firstByteNanos == 0) {
            firstByteNanos = now;
        }
    }

    /** The work was stopped because the client left. */
    public void cancelled() {
        cancelled = true;
    }

    /** The backend of the last attempt, or the empty string. */
    public String backend() {
        return backend;
    }

    /** The configured model of the last attempt, or the empty string. */
    public String model() {
        return model;
    }

    public int attempts() {
        return attempts;
    }

    public long queuedNanos() {
        return queuedNanos;
    }

    public long sentNanos() {
        return sentNanos;
    }

    public long firstByteNanos() {
        return firstByteNanos;
    }

    public boolean wasCancelled() {
        return cancelled;
    }
}

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
    private String reason = "";
    private int queuePosition;
    private long expectedWaitMillis;

    /** An attempt begins on {@code backend} as {@code model}, the configured name that serves. */
    public void attempt(String backend, String model) {
        this.backend = backend;
        this.model = model;
        attempts++;
    }

    /** Why the backend of the attempt that begins was chosen, in a word. */
    public void chosen(String why) {
        reason = why;
    }

    /**
     * It waits for a free slot, or does so no more.
     *
     * @param position from 1, or 0 when it does not wait
     * @param expectedMillis how long that will take at the rate of late; 0 where nobody can tell
     */
    public void waiting(int position, long expectedMillis) {
        queuePosition = position;
        expectedWaitMillis = expectedMillis;
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

    /** Why that backend was chosen, in a word; or the empty string. */
    public String reason() {
        return reason;
    }

    /** Its place among those that wait for a slot, from 1; 0 when it does not wait. As of when it was looked at last. */
    public int queuePosition() {
        return queuePosition;
    }

    /** How long it was expected to wait there, in milliseconds; 0 where nobody can tell. */
    public long expectedWaitMillis() {
        return expectedWaitMillis;
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

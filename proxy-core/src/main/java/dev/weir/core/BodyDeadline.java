package dev.weir.core;

/**
 * How long a request's body may take. The deadline moves for every few KiB, not for every byte: who sends less in that time
 * keeps a connection busy rather than a server. Runs on one event loop.
 */
final class BodyDeadline {
    private static final int STEP_BYTES = 4 * 1024;

    private final Timeout timeout;
    private boolean waiting;
    private int arrivedBytes;

    /** @param timeout expires when too little has come for too long */
    BodyDeadline(Timeout timeout) {
        this.timeout = timeout;
    }

    /** More is needed: within {@code millis} of the last step. */
    void await(long millis) {
        if (!waiting || arrivedBytes >= STEP_BYTES) {
            waiting = true;
            arrivedBytes = 0;
            timeout.set(millis);
        }
    }

    void arrived(int bytes) {
        arrivedBytes = Math.min(STEP_BYTES, arrivedBytes + bytes);
    }

    /** The body is complete, or nobody wants it now. */
    void clear() {
        waiting = false;
        arrivedBytes = 0;
        timeout.clear();
    }
}

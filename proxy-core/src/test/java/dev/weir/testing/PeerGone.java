package dev.weir.testing;

/** A write met a connection that has ended; ordinary for a backend whose exchange was cancelled. */
public final class PeerGone extends RuntimeException {
    private static final long serialVersionUID = 1;

    PeerGone(String message, Throwable cause) {
        super(message, cause);
    }

    PeerGone(String message) {
        super(message);
    }
}

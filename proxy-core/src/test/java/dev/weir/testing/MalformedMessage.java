package dev.weir.testing;

/** Bytes that are no HTTP/1.1 message: a fault of the peer that sent them. */
public final class MalformedMessage extends RuntimeException {
    private static final long serialVersionUID = 1;

    MalformedMessage(String message) {
        super(message);
    }
}

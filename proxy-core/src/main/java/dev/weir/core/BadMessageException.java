package dev.weir.core;

/**
 * A message whose framing or head breaks HTTP/1.1. Whoever read it must not read further from that connection.
 *
 * <p>Carries no stack trace: the sender decides how often it is thrown.
 */
public final class BadMessageException extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;

    /**
     * @param status what a client is answered; ignored for responses, which become 502
     * @param detail what is wrong, holding none of the sender's bytes
     */
    public BadMessageException(int status, String detail) {
        super(detail, null, false, false);
        this.status = status;
    }

    public int status() {
        return status;
    }

    /** What is wrong. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}

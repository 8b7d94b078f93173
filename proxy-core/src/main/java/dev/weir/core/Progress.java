package dev.weir.core;

/**
 * What an exchange has sent its client so far.
 *
 * @param status the answer's status, or 0 before the head
 * @param requestBytes bytes of request body received
 * @param responseBytes bytes of response body written
 * @param headNanos when the head was written, by {@link System#nanoTime}; 0 before
 */
public record Progress(int status, long requestBytes, long responseBytes, long headNanos) {}

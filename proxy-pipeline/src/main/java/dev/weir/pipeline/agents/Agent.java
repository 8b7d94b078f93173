package dev.weir.pipeline.agents;

import dev.weir.core.Key;

/**
 * How answers are shaped for one kind of client.
 *
 * @param name its name in the configuration
 * @param chunkSize content tokens an event
 * @param bufferSize content tokens held at most, at least {@code chunkSize}
 * @param delayNanos the least time between two events
 * @param timeoutMillis for the whole answer, from the request's arrival
 */
public record Agent(String name, int chunkSize, int bufferSize, long delayNanos, long timeoutMillis) {
    /** The agent whose answer an exchange gets. */
    public static final Key<Agent> KEY = Key.of("agent");

    public Agent {
        if (chunkSize < 1) {
            throw new IllegalArgumentException("chunk_size: " + chunkSize + " (expected: >= 1)");
        }
        if (bufferSize < chunkSize) {
            throw new IllegalArgumentException(
                    "buffer_size: " + bufferSize + " (expected: >= chunk_size, " + chunkSize + ")");
        }
        if (delayNanos < 0) {
            throw new IllegalArgumentException("delay_between_chunks: " + delayNanos + " ns (expected: >= 0)");
        }
        if (timeoutMillis < 1) {
            throw new IllegalArgumentException("timeout: " + timeoutMillis + " ms (expected: >= 1)");
        }
    }

    /** After how much silence of the backend what is held goes out: five times the delay, at least 20 ms. */
    long silenceNanos() {
        return Math.max(5 * delayNanos, 20_000_000);
    }
}

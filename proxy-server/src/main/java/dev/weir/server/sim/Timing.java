package dev.weir.server.sim;

/**
 * When a run's stages were reached, as {@link System#nanoTime()}. *Any thread.*
 *
 * @param startNanos the request had arrived
 * @param readyNanos the model was loaded and a slot free
 * @param firstNanos the prompt was evaluated
 * @param endNanos the last token was made
 */
record Timing(long startNanos, long readyNanos, long firstNanos, long endNanos) {
    long totalNanos() {
        return Math.max(1, endNanos - startNanos);
    }

    long loadNanos() {
        return Math.max(1, readyNanos - startNanos);
    }

    long promptNanos() {
        return Math.max(1, firstNanos - readyNanos);
    }

    long evalNanos() {
        return Math.max(1, endNanos - firstNanos);
    }
}

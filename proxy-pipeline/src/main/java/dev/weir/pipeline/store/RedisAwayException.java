package dev.weir.pipeline.store;

/**
 * Redis cannot be asked now: it is away, too slow, or refuses to write. It may be back in a moment.
 *
 * <p>Carries no stack trace: during an outage there is one for each request.
 */
public final class RedisAwayException extends Exception {
    private static final long serialVersionUID = 1;

    public RedisAwayException(String message) {
        super(message, null, false, false);
    }

    public RedisAwayException(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}

package dev.weir.pipeline.store;

/** The database cannot be asked now: it is away, too slow, or too many wait for it. It may be back in a moment. */
public final class DatabaseAwayException extends Exception {
    private static final long serialVersionUID = 1;

    public DatabaseAwayException(String message, Throwable cause) {
        super(message, cause);
    }

    public DatabaseAwayException(String message) {
        super(message);
    }
}

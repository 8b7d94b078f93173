package dev.weir.core;

import org.jspecify.annotations.Nullable;

/**
 * An error on its way to the client. One place renders it, in the route's dialect.
 *
 * <p>Carries no stack trace: it is an answer. What caused it, if anything, keeps its own.
 */
public final class GatewayException extends Exception {
    private static final long serialVersionUID = 1;

    private final GatewayError error;
    private final @Nullable String param;
    private final long retryAfterMillis;

    /**
     * @param error which error
     * @param detail the message for the client: what is wrong and what to do, holding no secret
     */
    public GatewayException(GatewayError error, String detail) {
        this(error, detail, null, 0, null);
    }

    public GatewayException(GatewayError error, String detail, @Nullable Throwable cause) {
        this(error, detail, null, 0, cause);
    }

    private GatewayException(
            GatewayError error,
            String detail,
            @Nullable String param,
            long retryAfterMillis,
            @Nullable Throwable cause) {
        super(detail, cause, false, false);
        this.error = error;
        this.param = param;
        this.retryAfterMillis = retryAfterMillis;
    }

    /** The same error naming the request field at fault. */
    public GatewayException param(String field) {
        return new GatewayException(error, detail(), field, retryAfterMillis, getCause());
    }

    /** The same error telling the client when to come back. */
    public GatewayException retryAfterMillis(long millis) {
        return new GatewayException(error, detail(), param, Math.max(1, millis), getCause());
    }

    public GatewayError error() {
        return error;
    }

    /** The message for the client. */
    public String detail() {
        return String.valueOf(getMessage());
    }

    /** The request field at fault, if one is. */
    public @Nullable String param() {
        return param;
    }

    /** When to come back, or 0 where waiting does not help. */
    public long retryAfterMillis() {
        return retryAfterMillis;
    }
}

package dev.weir.core;

import org.jspecify.annotations.Nullable;

/**
 * The errors Weir answers with. Types and codes are those that OpenAI's clients know.
 *
 * <p>What to do about an error follows from its source: a client's own is never retried and never counts against a backend.
 */
public enum GatewayError {
    BAD_REQUEST(400, Source.CLIENT, "invalid_request_error", null),
    INVALID_API_KEY(401, Source.CLIENT, "invalid_request_error", "invalid_api_key"),
    FORBIDDEN(403, Source.CLIENT, "permission_error", "forbidden"),
    MODEL_NOT_ALLOWED(403, Source.CLIENT, "permission_error", "model_not_allowed"),
    MODEL_NOT_FOUND(404, Source.CLIENT, "invalid_request_error", "model_not_found"),
    NOT_FOUND(404, Source.CLIENT, "invalid_request_error", "not_found"),
    METHOD_NOT_ALLOWED(405, Source.CLIENT, "invalid_request_error", "method_not_supported"),
    REQUEST_TIMEOUT(408, Source.CLIENT, "timeout", "timeout"),
    CONFLICT(409, Source.CLIENT, "invalid_request_error", "conflict"),
    BODY_TOO_LARGE(413, Source.CLIENT, "invalid_request_error", "request_too_large"),
    UNSUPPORTED_MEDIA_TYPE(415, Source.CLIENT, "invalid_request_error", null),
    EXPECTATION_FAILED(417, Source.CLIENT, "invalid_request_error", null),
    RATE_LIMITED(429, Source.CLIENT, "rate_limit_error", "rate_limit_exceeded"),
    INTERNAL(500, Source.GATEWAY, "server_error", null),
    BACKEND_FAILED(502, Source.UPSTREAM, "server_error", "upstream_error"),
    NO_BACKEND(503, Source.UPSTREAM, "server_error", "no_backend"),
    QUEUE_FULL(503, Source.GATEWAY, "overloaded_error", "slow_down"),
    OVERLOADED(503, Source.GATEWAY, "overloaded_error", "slow_down"),
    STORE_UNAVAILABLE(503, Source.GATEWAY, "server_error", "store_unavailable"),
    SHUTTING_DOWN(503, Source.GATEWAY, "server_error", "shutting_down"),
    BACKEND_TIMEOUT(504, Source.UPSTREAM, "timeout", "timeout");

    /** Who made an error happen. */
    public enum Source {
        CLIENT,
        GATEWAY,
        UPSTREAM
    }

    private final int status;
    private final Source source;
    private final String type;
    private final @Nullable String code;

    GatewayError(int status, Source source, String type, @Nullable String code) {
        this.status = status;
        this.source = source;
        this.type = type;
        this.code = code;
    }

    public int status() {
        return status;
    }

    public Source source() {
        return source;
    }

    /** OpenAI's {@code error.type}. */
    public String type() {
        return type;
    }

    /** OpenAI's {@code error.code}. */
    public @Nullable String code() {
        return code;
    }
}

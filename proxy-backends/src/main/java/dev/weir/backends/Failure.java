package dev.weir.backends;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import java.util.Locale;

/**
 * Why an attempt did not bring an answer.
 *
 * @param kind what happened
 * @param detail for the log and the client, naming no secret
 */
record Failure(Kind kind, String detail) {
    enum Kind {
        /** The connection was refused; nothing was sent. */
        REFUSED,
        /** No connection came about otherwise: time out, unknown host, TLS; nothing was sent. */
        CONNECT,
        /** A connection from the pool proved dead and nothing was received on it. */
        STALE,
        /** The connection closed or was reset before the answer's head. */
        CLOSED,
        /** What came is not HTTP. */
        PROTOCOL,
        /** The head did not come in time. */
        FIRST_BYTE_TIMEOUT,
        /** The answer stopped coming, or took longer than allowed. */
        TIMEOUT,
        /** The connection ended in the middle of the answer. */
        CUT,
        /** It answered 500: perhaps the request's own fault. */
        SERVER_ERROR,
        /** It answered 502, 503 or 504. */
        UNAVAILABLE;

        /** For metrics. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * The error for the client.
     *
     * @param retryAfterMillis when to come back if nobody was there
     */
    GatewayException answer(long retryAfterMillis) {
        return switch (kind) {
            case REFUSED, CONNECT ->
                new GatewayException(GatewayError.NO_BACKEND, detail).retryAfterMillis(retryAfterMillis);
            case FIRST_BYTE_TIMEOUT, TIMEOUT -> new GatewayException(GatewayError.BACKEND_TIMEOUT, detail);
            case STALE, CLOSED, PROTOCOL, SERVER_ERROR, UNAVAILABLE, CUT ->
                new GatewayException(GatewayError.BACKEND_FAILED, detail);
        };
    }
}

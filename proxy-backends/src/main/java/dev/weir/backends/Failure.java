package dev.weir.backends;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.ResponseHead;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Why an attempt did not bring an answer.
 *
 * @param kind what happened
 * @param detail for the log and the client, naming no secret
 */
record Failure(Kind kind, String detail) {
    enum Kind {
        /** The connection was refused; nothing was sent. */
        REFUSED(GatewayError.NO_BACKEND),
        /** No connection came about otherwise: time out, unknown host; nothing was sent. */
        CONNECT(GatewayError.NO_BACKEND),
        /** The TLS handshake failed: nothing was sent to somebody who may not be the backend. */
        TLS(GatewayError.BACKEND_FAILED),
        /** A connection from the pool proved dead and nothing was received on it. */
        STALE(GatewayError.BACKEND_FAILED),
        /** The connection closed or was reset before the answer's head. */
        CLOSED(GatewayError.BACKEND_FAILED),
        /** What came is not HTTP. */
        PROTOCOL(GatewayError.BACKEND_FAILED),
        /** The head did not come in time. */
        FIRST_BYTE_TIMEOUT(GatewayError.BACKEND_TIMEOUT),
        /** The answer stopped coming, or took longer than allowed. */
        TIMEOUT(GatewayError.BACKEND_TIMEOUT),
        /** The connection ended in the middle of the answer. */
        CUT(GatewayError.BACKEND_FAILED),
        /** It answered 404 in JSON: it does not have the model. */
        NOT_FOUND(GatewayError.MODEL_NOT_FOUND),
        /** It reported an error in the middle of its stream. */
        STREAM_ERROR(GatewayError.BACKEND_FAILED),
        /** Its stream ended in order, but without saying that it is complete. */
        UNFINISHED(GatewayError.BACKEND_FAILED),
        /** It answered 500: perhaps the request's own fault. */
        SERVER_ERROR(GatewayError.BACKEND_FAILED),
        /** It answered 502, 503 or 504. */
        UNAVAILABLE(GatewayError.BACKEND_FAILED);

        private final GatewayError error;

        Kind(GatewayError error) {
            this.error = error;
        }

        /** For metrics. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The failure that an answer of {@code backend} is, or null if it is none: what it means for another attempt. */
    static @Nullable Failure of(ResponseHead head, Backend backend) {
        return switch (head.status()) {
            case 404 ->
                isJson(head) ? new Failure(Kind.NOT_FOUND, "backend " + backend.name() + " answered 404") : null;
            case 500 -> new Failure(Kind.SERVER_ERROR, "backend " + backend.name() + " answered 500");
            case 502, 503, 504 ->
                new Failure(Kind.UNAVAILABLE, "backend " + backend.name() + " answered " + head.status());
            default -> null;
        };
    }

    /** Paths that a server does not know are mostly answered in plain text. */
    private static boolean isJson(ResponseHead head) {
        String type = head.headers().get("Content-Type");
        return type != null && type.regionMatches(true, 0, "application/json", 0, 16);
    }

    /** What it says about the backend: an error that it reports itself may be the request's fault. */
    Lease.Verdict verdict() {
        return switch (kind) {
            case NOT_FOUND -> Lease.Verdict.WORKS;
            case SERVER_ERROR, STREAM_ERROR, UNFINISHED -> Lease.Verdict.NOTHING;
            default -> Lease.Verdict.FAILED;
        };
    }

    /** The answer to the client. */
    GatewayException answer(BackendGroup group) {
        GatewayException answer = new GatewayException(kind.error, detail);
        return kind.error == GatewayError.NO_BACKEND ? answer.retryAfterMillis(group.retryAfterMillis()) : answer;
    }
}

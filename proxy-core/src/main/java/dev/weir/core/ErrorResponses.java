package dev.weir.core;

import java.nio.charset.StandardCharsets;

/** The one place where an error becomes an answer. */
final class ErrorResponses {
    private ErrorResponses() {}

    /** An error inside an exchange, in the dialect of its route. */
    static LocalResponse of(Dialect dialect, GatewayException failure, String requestId) {
        int status = failure.error().status();
        LocalResponse response = LocalResponse.json(status, dialect.body(failure, requestId));
        if (status == 401) {
            response.with("WWW-Authenticate", "Bearer");
        }
        long retryAfterMillis = failure.retryAfterMillis();
        if (retryAfterMillis > 0) {
            response.with("retry-after", Long.toString((retryAfterMillis + 999) / 1000));
            response.with("retry-after-ms", Long.toString(retryAfterMillis));
        }
        return response;
    }

    /**
     * What is refused before there is an exchange: a fixed cheap answer that ends the connection.
     *
     * @param headRequest whether it answers HEAD, and so has no body
     */
    static byte[] refusal(int status, String detail, String requestId, boolean headRequest) {
        GatewayException failure = new GatewayException(errorOf(status), detail);
        byte[] body = Dialect.OPENAI.body(failure, requestId);
        String head = "HTTP/1.1 " + status + ' ' + Reasons.of(status)
                + "\r\nContent-Type: application/json\r\nContent-Length: "
                + body.length + "\r\nDate: " + HttpDate.now() + "\r\nx-request-id: " + requestId
                + (status == 405 ? "\r\nAllow: GET, HEAD, POST, OPTIONS" : "")
                + (status == 503 ? "\r\nRetry-After: 1" : "")
                + "\r\nConnection: close\r\n\r\n";
        byte[] headBytes = head.getBytes(StandardCharsets.US_ASCII);
        if (headRequest) {
            return headBytes;
        }
        byte[] all = new byte[headBytes.length + body.length];
        System.arraycopy(headBytes, 0, all, 0, headBytes.length);
        System.arraycopy(body, 0, all, headBytes.length, body.length);
        return all;
    }

    private static GatewayError errorOf(int status) {
        return switch (status) {
            case 403 -> GatewayError.FORBIDDEN;
            case 405 -> GatewayError.METHOD_NOT_ALLOWED;
            case 408 -> GatewayError.REQUEST_TIMEOUT;
            case 413 -> GatewayError.BODY_TOO_LARGE;
            case 417 -> GatewayError.EXPECTATION_FAILED;
            case 503 -> GatewayError.OVERLOADED;
            default -> GatewayError.BAD_REQUEST;
        };
    }
}

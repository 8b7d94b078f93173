package dev.weir.core;

/**
 * A final response without its body. Framing fields (Content-Length, Transfer-Encoding, Connection) are not among the
 * headers: each connection makes its own from {@code contentLength}.
 *
 * @param status 200 to 599
 * @param reason the reason phrase, possibly empty
 * @param headers the field lines; response filters may change them on the way
 * @param contentLength the body's length in bytes, or {@link #UNKNOWN}. For a response to HEAD and for 304 it is what GET
 *     would have had, if known
 */
public record ResponseHead(int status, String reason, Headers headers, long contentLength) {
    /** The body's end is not known beforehand: it is sent in chunks, or until the connection closes to HTTP/1.0. */
    public static final long UNKNOWN = -1;

    public ResponseHead {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 200 to 599)");
        }
        for (int i = 0; i < reason.length(); i++) {
            if (!Octets.isFieldText(reason.charAt(i))) {
                throw new IllegalArgumentException("reason: illegal character at " + i);
            }
        }
    }

    /** The same head for a body of another length, for filters that change it. */
    public ResponseHead withContentLength(long length) {
        return new ResponseHead(status, reason, headers, length);
    }

    /** Whether the body is a server-sent event stream. */
    public boolean isEventStream() {
        return isOfType("text/event-stream");
    }

    /** Whether the body is newline-delimited JSON. */
    public boolean isJsonLines() {
        return isOfType("application/x-ndjson");
    }

    private boolean isOfType(String expected) {
        String type = headers.get("Content-Type");
        return type != null && type.regionMatches(true, 0, expected, 0, expected.length());
    }
}

package dev.weir.testing;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/**
 * What a {@link Script} of a {@link FakeBackend} does to the connection its request came on. Blocks; for the thread that
 * runs the script, but {@link #close} and {@link #reset} for any. Every write throws {@link PeerGone} when the other side
 * has left, which ends the script quietly.
 */
public final class BackendPeer {
    private static final Duration LONGEST_STALL = Duration.ofMinutes(5);
    private static final Map<Integer, String> REASONS = Map.of(
            200,
            "OK",
            204,
            "No Content",
            400,
            "Bad Request",
            404,
            "Not Found",
            429,
            "Too Many Requests",
            500,
            "Internal Server Error",
            502,
            "Bad Gateway",
            503,
            "Service Unavailable");

    private final Wire wire;
    private final String method;
    private final BodyReader requestBody;

    BackendPeer(Wire wire, String method, BodyReader requestBody) {
        this.wire = wire;
        this.method = method;
        this.requestBody = requestBody;
    }

    /** A whole answer with a content-length; header fields as {@code "name: value"}. To HEAD without the body. */
    public void respond(int status, String body, String... headers) {
        byte[] payload = body.getBytes(StandardCharsets.UTF_8);
        StringBuilder head = head(status, headers);
        if (status >= 200 && status != 204 && status != 304) {
            head.append("content-length: ").append(payload.length).append("\r\n");
        }
        byte[] headBytes = latin1(head.append("\r\n").toString());
        if (method.equals("HEAD")) {
            sendRaw(headBytes);
            return;
        }
        byte[] whole = new byte[headBytes.length + payload.length];
        System.arraycopy(headBytes, 0, whole, 0, headBytes.length);
        System.arraycopy(payload, 0, whole, headBytes.length, payload.length);
        sendRaw(whole);
    }

    /** 200 with a JSON body. */
    public void json(String body) {
        respond(200, body, "content-type: application/json");
    }

    /** Sends the bytes as they are. */
    public void sendRaw(byte[] bytes) {
        wire.write(bytes, 0, bytes.length, Deadline.of("backend write", Deadline.DEFAULT_TIMEOUT));
    }

    /** Sends one byte a character. */
    public void sendRaw(String latin1) {
        sendRaw(latin1(latin1));
    }

    /** Sends chunk after chunk on a thread of its own, up to a total; to see how much the other side takes. */
    public Sending sendInBackground(byte[] chunk, long totalBytes) {
        return Sending.start(wire, chunk, totalBytes);
    }

    /** Sends the bytes one by one with a pause after each. */
    public void sendTrickle(byte[] bytes, long pauseNanos) {
        for (byte b : bytes) {
            sendRaw(new byte[] {b});
            Await.pauseNanos(pauseNanos);
        }
    }

    /** The head of an answer whose chunks follow. */
    public void sendHeadChunked(int status, String... headers) {
        sendRaw(head(status, headers)
                .append("transfer-encoding: chunked\r\n\r\n")
                .toString());
    }

    /** One chunk, in one write. */
    public void chunk(String text) {
        byte[] payload = text.getBytes(StandardCharsets.UTF_8);
        byte[] head = latin1(Integer.toHexString(payload.length) + "\r\n");
        byte[] whole = new byte[head.length + payload.length + 2];
        System.arraycopy(head, 0, whole, 0, head.length);
        System.arraycopy(payload, 0, whole, head.length, payload.length);
        whole[whole.length - 2] = '\r';
        whole[whole.length - 1] = '\n';
        sendRaw(whole);
    }

    /** The last chunk; trailer fields as {@code "name: value"}. */
    public void endChunks(String... trailers) {
        StringBuilder last = new StringBuilder("0\r\n");
        for (String trailer : trailers) {
            last.append(trailer).append("\r\n");
        }
        sendRaw(last.append("\r\n").toString());
    }

    /** The head of a chunked event stream. */
    public void startSse() {
        sendHeadChunked(200, "content-type: text/event-stream");
    }

    /** Each text as a {@code data:} event in a chunk of its own, in a write of its own. */
    public void sse(String... events) {
        for (String event : events) {
            chunk("data: " + event + "\n\n");
        }
    }

    /** {@code data: [DONE]} and the last chunk. */
    public void endSse() {
        sse("[DONE]");
        endChunks();
    }

    /** Under {@link FakeBackend#answerBeforeBody}: the next piece of the request body; empty at its end. */
    public byte[] readMore() {
        byte[] piece = requestBody.next(Deadline.of("backend readMore", Deadline.DEFAULT_TIMEOUT));
        return piece == null ? new byte[0] : piece;
    }

    /** Under {@link FakeBackend#answerBeforeBody}: what is left of the request body. */
    public byte[] readBody() {
        return requestBody.readAll(Deadline.of("backend readBody", Deadline.DEFAULT_TIMEOUT));
    }

    /** Whether the request body was read to its proper end. */
    public boolean bodyComplete() {
        return requestBody.complete();
    }

    /** Ends the connection with a FIN (the kernel makes it an RST when request bytes lie unread). */
    public void close() {
        wire.close();
    }

    /** Sends a FIN, keeping the connection open for reading. */
    public void shutdownOutput() {
        wire.shutdownOutput();
    }

    /** Ends the connection with an RST. */
    public void reset() {
        wire.reset();
    }

    /** Keeps the connection open without a word until the other side leaves or the backend is closed. */
    public void stall() {
        awaitClientGone(LONGEST_STALL);
    }

    /**
     * Blocks until the other side ends the connection, dropping what it sends until then; returns the
     * {@link System#nanoTime} at which that was seen, and fails when it does not happen in time.
     */
    public long awaitClientGone(Duration timeout) {
        wire.awaitEnd(Deadline.of("awaitClientGone", timeout));
        return System.nanoTime();
    }

    private static StringBuilder head(int status, String... headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 ")
                .append(status)
                .append(' ')
                .append(REASONS.getOrDefault(status, "Status"))
                .append("\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return head;
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}

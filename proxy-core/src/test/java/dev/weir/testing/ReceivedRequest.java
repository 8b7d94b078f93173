package dev.weir.testing;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request as a {@link FakeBackend} received it. Immutable. */
public final class ReceivedRequest {
    private final MessageReader.Head head;
    private final String method;
    private final String target;
    private final byte[] body;
    private final HeaderFields trailers;
    private final List<String> chunkHeads;
    private final int connectionNumber;
    private final int requestNumberOnConnection;

    ReceivedRequest(MessageReader.Head head, byte[] body, BodyReader reader, int connectionNumber, int requestNumber) {
        String[] parts = head.startLine().split(" ", -1);
        if (parts.length != 3 || parts[0].isEmpty() || parts[1].isEmpty() || !parts[2].equals("HTTP/1.1")) {
            throw new MalformedMessage("request line: \"" + head.startLine() + "\"");
        }
        this.head = head;
        this.method = parts[0];
        this.target = parts[1];
        this.body = body;
        this.trailers = reader.trailers();
        this.chunkHeads = List.copyOf(reader.chunkHeads());
        this.connectionNumber = connectionNumber;
        this.requestNumberOnConnection = requestNumber;
    }

    /** The request line without CRLF. */
    public String requestLine() {
        return head.startLine();
    }

    /** The method. */
    public String method() {
        return method;
    }

    /** The request target as it came. */
    public String target() {
        return target;
    }

    /** The header fields. */
    public HeaderFields headers() {
        return head.fields();
    }

    /** The first value of a header field, in any case of letters. */
    public @Nullable String header(String name) {
        return head.fields().first(name);
    }

    /** The head as it came, with its empty line, one character a byte. */
    public String rawHead() {
        return head.raw();
    }

    /** The body without its framing; empty under {@link FakeBackend#answerBeforeBody}. */
    public byte[] body() {
        return body.clone();
    }

    /** The body as UTF-8. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** The trailer section of a chunked body. */
    public HeaderFields trailers() {
        return trailers;
    }

    /** The chunk heads as they came, extensions included, without the last chunk's. */
    public List<String> chunkHeads() {
        return chunkHeads;
    }

    /** Which connection of the backend it came on, from 1. */
    public int connectionNumber() {
        return connectionNumber;
    }

    /** Which request of its connection it was, from 1: above 1 the connection was reused. */
    public int requestNumberOnConnection() {
        return requestNumberOnConnection;
    }

    @Override
    public String toString() {
        return "connection " + connectionNumber + ", request " + requestNumberOnConnection + ": " + requestLine();
    }
}

package dev.weir.testing;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A response as it stood on the wire, also one that broke off: then {@link #complete} is false. Immutable. */
public final class RawResponse {
    private final MessageReader.Head head;
    private final int status;
    private final byte[] body;
    private final HeaderFields trailers;
    private final List<String> chunkHeads;
    private final boolean complete;

    private RawResponse(MessageReader.Head head, byte[] body, BodyReader reader) {
        this.head = head;
        this.status = statusOf(head);
        this.body = body;
        this.trailers = reader.trailers();
        this.chunkHeads = List.copyOf(reader.chunkHeads());
        this.complete = head.complete() && reader.complete();
    }

    static RawResponse of(MessageReader.Head head, byte[] body, BodyReader reader) {
        return new RawResponse(head, body, reader);
    }

    /** The status of a whole head, 0 of one that broke off. */
    static int statusOf(MessageReader.Head head) {
        if (!head.complete()) {
            return 0;
        }
        if (!head.startLine().matches("HTTP/1\\.[01] [1-9][0-9][0-9]( .*)?")) {
            throw new MalformedMessage("status line: \"" + head.startLine() + "\"");
        }
        return Integer.parseInt(head.startLine().substring(9, 12));
    }

    /** The status line without CRLF, or what came of it. */
    public String statusLine() {
        return head.startLine();
    }

    /** The status, or 0 when the connection ended inside the head. */
    public int status() {
        return status;
    }

    /** The head as it came, with its empty line. */
    public String rawHead() {
        return head.raw();
    }

    /** The header fields. */
    public HeaderFields headers() {
        return head.fields();
    }

    /** The first value of a header field, in any case of letters. */
    public @Nullable String header(String name) {
        return head.fields().first(name);
    }

    /** The body without its framing, as far as it came. */
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

    /** The sizes of the chunks, without the last one of 0. */
    public List<Integer> chunkSizes() {
        return chunkHeads.stream().map(BodyReader::chunkSize).toList();
    }

    /** Whether it came to its end: a close-delimited body by FIN, the others as their framing says. */
    public boolean complete() {
        return complete;
    }

    @Override
    public String toString() {
        return (complete ? "" : "INCOMPLETE ")
                + Transcript.escape(head.raw().getBytes(StandardCharsets.ISO_8859_1))
                + text();
    }
}

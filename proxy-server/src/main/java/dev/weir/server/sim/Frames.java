package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Frames JSON for a stream: server-sent events or NDJSON lines. *Any thread*; the buffers are the caller's. */
final class Frames {
    private static final byte[] NEWLINE = {'\n'};
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.UTF_8);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8);

    private Frames() {}

    /** A line of NDJSON. */
    static ByteBuf line(JsonNode value) {
        return Unpooled.wrappedBuffer(Json.bytes(value), NEWLINE);
    }

    /** A server-sent event without a name. */
    static ByteBuf data(JsonNode value) {
        return Unpooled.wrappedBuffer(DATA, Json.bytes(value), END);
    }

    /** A server-sent event with a name. */
    static ByteBuf event(String name, JsonNode value) {
        byte[] head = ("event: " + name + "\ndata: ").getBytes(StandardCharsets.UTF_8);
        return Unpooled.wrappedBuffer(head, Json.bytes(value), END);
    }

    /** OpenAI's last event. */
    static ByteBuf done() {
        return Unpooled.wrappedBuffer(DONE);
    }
}

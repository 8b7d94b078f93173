package dev.weir.server.sim;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * An event rendered once whose string holes are filled for every token, so that a stream costs one escape and one copy
 * a token. *Any thread*; {@link #fill} gives its buffer to the caller.
 */
final class JsonTemplate {
    /** Stands for a string to be filled in; a control character, which no value of a template holds. */
    static final String HOLE = "\u0001";

    private static final Pattern RENDERED_HOLE = Pattern.compile("\\u0001", Pattern.LITERAL);

    private final byte[][] segments;
    private final int fixedBytes;

    private JsonTemplate(String frame) {
        segments = RENDERED_HOLE
                .splitAsStream(frame)
                .map(segment -> segment.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        fixedBytes = Arrays.stream(segments).mapToInt(segment -> segment.length).sum();
    }

    /** A server-sent event without a name. */
    static JsonTemplate data(JsonNode event) {
        return new JsonTemplate("data: " + Json.text(event) + "\n\n");
    }

    /** A server-sent event with a name. */
    static JsonTemplate event(String name, JsonNode event) {
        return new JsonTemplate("event: " + name + "\ndata: " + Json.text(event) + "\n\n");
    }

    /** A line of NDJSON. */
    static JsonTemplate line(JsonNode event) {
        return new JsonTemplate(Json.text(event) + "\n");
    }

    /** The event with these values in its holes, in order. */
    ByteBuf fill(ByteBufAllocator alloc, String... values) {
        if (values.length != segments.length - 1) {
            throw new IllegalArgumentException(
                    "values: " + values.length + " (expected: " + (segments.length - 1) + ")");
        }
        ByteBuf out = alloc.buffer(fixedBytes + 32 * values.length);
        out.writeBytes(segments[0]);
        for (int i = 0; i < values.length; i++) {
            out.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(values[i]));
            out.writeBytes(segments[i + 1]);
        }
        return out;
    }
}

package dev.weir.backends;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds what {@link OllamaPolicy} is about in a body of Ollama's API that was found to be one JSON object. Names are taken
 * in any case, as Ollama takes them. Borrows the body; one use.
 */
final class OllamaOptionsScan {
    private static final JsonFactory JSON = new JsonFactory();

    private final ByteBuf body;
    private @Nullable Long contextLength;
    private @Nullable Span contextLengthSpan;
    private @Nullable Span keepAliveSpan;
    private @Nullable Span inOptions;
    private @Nullable Span nullOptions;
    private Span inBody = new Span(1, 0);
    private boolean optionsEmpty;

    private OllamaOptionsScan(ByteBuf body) {
        this.body = body;
    }

    static OllamaOptionsScan of(ByteBuf body) {
        OllamaOptionsScan scan = new OllamaOptionsScan(body);
        try (JsonParser parser = JSON.createParser((InputStream) new ByteBufInputStream(body.duplicate()))) {
            scan.read(parser);
        } catch (IOException e) {
            throw new IllegalStateException("a body that was read before cannot be read", e);
        }
        return scan;
    }

    private void read(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return;
        }
        inBody = new Span(offset(parser) + 1, 0);
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken value = parser.nextToken();
            if (name.equalsIgnoreCase("options")) {
                options(parser, value);
            } else if (name.equalsIgnoreCase("keep_alive")) {
                keepAliveSpan = span(parser, value);
            } else {
                parser.skipChildren();
            }
        }
    }

    private void options(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_NULL) {
            nullOptions = span(parser, value);
            return;
        }
        if (value != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return;
        }
        inOptions = new Span(offset(parser) + 1, 0);
        optionsEmpty = true;
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            optionsEmpty = false;
            JsonToken inner = parser.nextToken();
            if (name.equals("num_ctx")) {
                contextLength = inner.isNumeric() ? (long) parser.getDoubleValue() : null;
                contextLengthSpan = span(parser, inner);
            } else {
                parser.skipChildren();
            }
        }
    }

    /** The value the parser is at; an object or array to its end. */
    private Span span(JsonParser parser, JsonToken value) throws IOException {
        int start = offset(parser);
        if (value == JsonToken.VALUE_STRING) {
            return new Span(start, stringLength(start));
        }
        if (value.isStructStart()) {
            parser.skipChildren();
            return new Span(start, offset(parser) + 1 - start);
        }
        return new Span(start, parser.getTextLength());
    }

    private static int offset(JsonParser parser) {
        return Math.toIntExact(parser.currentTokenLocation().getByteOffset());
    }

    private int stringLength(int start) {
        int first = body.readerIndex() + start;
        int at = first + 1;
        for (byte b = body.getByte(at); b != '"'; b = body.getByte(at)) {
            at += b == '\\' ? 2 : 1;
        }
        return at + 1 - first;
    }

    /** The context length asked for, or null. */
    @Nullable
    Long contextLength() {
        return contextLength;
    }

    @Nullable
    Span contextLengthSpan() {
        return contextLengthSpan;
    }

    @Nullable
    Span keepAliveSpan() {
        return keepAliveSpan;
    }

    /** Where another option can be put, or null when there are none. */
    @Nullable
    Span inOptions() {
        return inOptions;
    }

    boolean optionsEmpty() {
        return optionsEmpty;
    }

    /** Options that are null, or null. */
    @Nullable
    Span nullOptions() {
        return nullOptions;
    }

    /** Where another field can be put. */
    Span inBody() {
        return inBody;
    }
}

package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.IncludeUsage;
import dev.weir.core.ModelRequest.Span;
import dev.weir.core.ModelRequest.StreamOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One pass over a JSON body (RFC 8259): checks all of it and finds the fields of the top level that Weir works with.
 *
 * <p>A gateway and the server behind it must never read two different models from one body. So what parsers are known to
 * read in different ways is refused: a repeated name, a field that differs from a known one in case only (Go's decoder takes
 * either), anything after the object, and encodings other than UTF-8.
 *
 * <p>Values other than the model's are passed over, not decoded. One thread, any; one use. Borrows the body.
 */
final class JsonModelScan {
    private static final int MAX_NESTING = 200;
    private static final int MAX_NAME_LENGTH = 10_000;
    private static final int MAX_TOP_LEVEL_FIELDS = 1_000;

    /** Bound the time, which names and small values cost most of: together some 100 ms at worst. */
    private static final int MAX_NAMES = 100_000;

    private static final int MAX_TOKENS = 3_000_000;

    private static final int NULL_LENGTH = 4;

    /** Bounds numbers, and the only string that is decoded. */
    private static final int MAX_TEXT_LENGTH = 1_000;

    /** Names are canonicalised because only then Jackson parses the bytes themselves and knows their offsets. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .enable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_NESTING)
                    .maxNumberLength(MAX_TEXT_LENGTH)
                    .maxStringLength(MAX_TEXT_LENGTH)
                    .maxNameLength(MAX_NAME_LENGTH)
                    .build())
            .build();

    private final ByteBuf body;
    private final Set<String> names = new HashSet<>(32);

    private int nestedNames;
    private int tokens;
    private @Nullable String model;
    private @Nullable Span modelSpan;
    private boolean stream;
    private @Nullable Span streamSpan;
    private int firstField;
    private boolean maxTokens;
    private @Nullable Span maxCompletionTokensName;
    private @Nullable StreamOptions streamOptions;

    private JsonModelScan(ByteBuf body) {
        this.body = body;
    }

    /**
     * Reads {@code body} from its reader index to its writer index, moving neither.
     *
     * @throws GatewayException if it is not one strict JSON object that names a model; the message holds none of its text
     */
    static ModelRequest scan(ByteBuf body) throws GatewayException {
        return of(body).result();
    }

    /** As {@link #scan}, for those who need to know more of the body. */
    static JsonModelScan of(ByteBuf body) throws GatewayException {
        requireUtf8(body);
        JsonModelScan scan = new JsonModelScan(body);
        try (JsonParser parser = JSON.createParser((InputStream) new ByteBufInputStream(body.duplicate()))) {
            scan.readDocument(parser);
        } catch (JsonEOFException e) {
            throw tooEarly();
        } catch (StreamConstraintsException e) {
            throw ModelRequestReader.badRequest("request body: the JSON is nested deeper than " + MAX_NESTING
                    + " levels, or holds a number or name that is too long");
        } catch (JsonProcessingException e) {
            throw malformed(e.getLocation());
        } catch (IOException e) {
            throw new GatewayException(GatewayError.INTERNAL, "request body: cannot be read", e);
        }
        return scan;
    }

    /** Whether the object has a field of that name. */
    boolean has(String name) {
        return names.contains(name);
    }

    /** Where the value of {@code stream} stands, or null if there is none. */
    @Nullable
    Span streamSpan() {
        return streamSpan;
    }

    /** Behind the brace that opens the object. */
    Span firstField() {
        return new Span(firstField, 0);
    }

    /**
     * Keeps Jackson from guessing UTF-16 or UTF-32, which have a zero among the first four bytes of any JSON object, and from
     * an octet that is never part of UTF-8.
     */
    private static void requireUtf8(ByteBuf body) throws GatewayException {
        int start = body.readerIndex();
        int length = body.readableBytes();
        if (length == 0) {
            throw ModelRequestReader.badRequest("request body: empty (expected: a JSON object)");
        }
        if (length >= 3 && body.getUnsignedMedium(start) == 0xEFBBBF) {
            throw ModelRequestReader.badRequest(
                    "request body: begins with a byte order mark (expected: UTF-8 without one)");
        }
        boolean ascii = body.getByte(start) > 0;
        boolean zero = body.indexOf(start, start + Math.min(4, length), (byte) 0) >= 0;
        // Jackson pads names with 0xff, and takes one that holds it for another.
        boolean padding = body.indexOf(start, start + length, (byte) 0xff) >= 0;
        if (!ascii || zero || padding) {
            throw ModelRequestReader.badRequest("request body: not JSON in UTF-8 (expected: a JSON object)");
        }
    }

    private void readDocument(JsonParser parser) throws IOException, GatewayException {
        JsonToken first = parser.nextToken();
        if (first == null) {
            throw ModelRequestReader.badRequest("request body: empty (expected: a JSON object)");
        }
        if (first != JsonToken.START_OBJECT) {
            throw ModelRequestReader.badRequest("request body: not an object (expected: a JSON object)");
        }
        firstField = Math.toIntExact(parser.currentTokenLocation().getByteOffset()) + 1;
        String name = parser.nextFieldName();
        while (name != null) {
            readField(parser, name);
            name = parser.nextFieldName();
        }
        if (parser.nextToken() != null) {
            throw malformed(parser.currentTokenLocation());
        }
    }

    private void readField(JsonParser parser, String name) throws IOException, GatewayException {
        if (names.size() == MAX_TOP_LEVEL_FIELDS) {
            throw ModelRequestReader.badRequest(
                    "request body: too many fields (expected: at most " + MAX_TOP_LEVEL_FIELDS + " at the top level)");
        }
        if (!names.add(name)) {
            throw repeated(parser, name);
        }
        if (isKnown(name)) {
            requireAscii(stringAt(parser.currentTokenLocation().getByteOffset()));
        }
        switch (name) {
            case "model" -> readModel(parser);
            case "stream" -> readStream(parser);
            case "max_tokens" -> {
                maxTokens = true;
                skipValue(parser);
            }
            case "max_completion_tokens" -> {
                maxCompletionTokensName = stringAt(parser.currentTokenLocation().getByteOffset());
                skipValue(parser);
            }
            case "stream_options" -> readStreamOptions(parser);
            default -> {
                refuseOtherCase(name);
                skipValue(parser);
            }
        }
    }

    private static boolean isKnown(String name) {
        return switch (name) {
            case "model", "stream", "max_tokens", "max_completion_tokens", "stream_options" -> true;
            default -> false;
        };
    }

    /** Jackson decodes overlong forms in names; other parsers do not. */
    private void requireAscii(Span name) throws GatewayException {
        int start = body.readerIndex() + name.start();
        for (int at = start; at < start + name.length(); at++) {
            if (body.getByte(at) < 0) {
                throw ModelRequestReader.badRequest("request body: a name that is not UTF-8");
            }
        }
    }

    private void readModel(JsonParser parser) throws IOException, GatewayException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_NULL) {
            return;
        }
        if (token != JsonToken.VALUE_STRING) {
            throw ModelRequestReader.badRequest("model: not a string (expected: the name of a model)")
                    .param("model");
        }
        long start = parser.currentTokenLocation().getByteOffset();
        String text;
        try {
            text = parser.getText();
        } catch (StreamConstraintsException e) {
            throw ModelRequestReader.modelTooLong();
        }
        model = ModelRequestReader.validModel(text);
        modelSpan = strictUtf8(stringAt(start), text);
    }

    /** Jackson decodes overlong forms, which other parsers read as other characters. */
    private Span strictUtf8(Span span, String text) throws GatewayException {
        boolean plain = span.length() == text.length() + 2;
        if (!plain && !ByteBufUtil.isText(body, body.readerIndex() + span.start(), span.length(), UTF_8)) {
            throw ModelRequestReader.badRequest("model: not UTF-8 (expected: the name of a model)")
                    .param("model");
        }
        return span;
    }

    private void readStream(JsonParser parser) throws IOException, GatewayException {
        JsonToken token = parser.nextToken();
        if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE && token != JsonToken.VALUE_NULL) {
            throw ModelRequestReader.badRequest("stream: not a boolean (expected: true or false)")
                    .param("stream");
        }
        stream = token == JsonToken.VALUE_TRUE;
        int start = Math.toIntExact(parser.currentTokenLocation().getByteOffset());
        streamSpan = new Span(start, token.asString().length());
    }

    private void readStreamOptions(JsonParser parser) throws IOException, GatewayException {
        JsonToken token = parser.nextToken();
        int start = offset(parser);
        if (token != JsonToken.START_OBJECT) {
            boolean isNull = token == JsonToken.VALUE_NULL;
            streamOptions = new StreamOptions(
                    isNull ? IncludeUsage.NULL : IncludeUsage.UNKNOWN, new Span(start, isNull ? NULL_LENGTH : 0));
            skipRest(parser, token);
            return;
        }
        StreamOptions unsaid = null;
        StreamOptions said = null;
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            unsaid = new StreamOptions(IncludeUsage.UNSAID, new Span(start + 1, 0));
            if (!name.equals("include_usage")) {
                skipValue(parser);
            } else if (said != null) {
                throw ModelRequestReader.badRequest("stream_options.include_usage: given twice")
                        .param("stream_options");
            } else {
                said = includeUsage(parser);
            }
        }
        streamOptions = said != null
                ? said
                : unsaid != null ? unsaid : new StreamOptions(IncludeUsage.EMPTY, new Span(start + 1, 0));
    }

    private StreamOptions includeUsage(JsonParser parser) throws IOException, GatewayException {
        JsonToken token = parser.nextToken();
        int start = offset(parser);
        skipRest(parser, token);
        return switch (token) {
            case VALUE_TRUE -> new StreamOptions(IncludeUsage.ON, new Span(start, 4));
            case VALUE_FALSE -> new StreamOptions(IncludeUsage.OFF, new Span(start, 5));
            case VALUE_NULL -> new StreamOptions(IncludeUsage.OFF, new Span(start, NULL_LENGTH));
            default -> new StreamOptions(IncludeUsage.UNKNOWN, new Span(start, 0));
        };
    }

    /** Where the current token begins. */
    private static int offset(JsonParser parser) {
        return Math.toIntExact(parser.currentTokenLocation().getByteOffset());
    }

    private void skipValue(JsonParser parser) throws IOException, GatewayException {
        skipRest(parser, parser.nextToken());
    }

    /** Passes over the value that begins with {@code first}, the current token. */
    private void skipRest(JsonParser parser, JsonToken first) throws IOException, GatewayException {
        int depth = 0;
        JsonToken token = first;
        while (true) {
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.FIELD_NAME && ++nestedNames > MAX_NAMES) {
                throw ModelRequestReader.badRequest(
                        "request body: too many names (expected: at most " + MAX_NAMES + ")");
            }
            if (++tokens > MAX_TOKENS) {
                throw ModelRequestReader.badRequest(
                        "request body: too many values (expected: at most " + MAX_TOKENS + ")");
            }
            if (depth == 0) {
                return;
            }
            token = parser.nextToken();
        }
    }

    private static void refuseOtherCase(String name) throws GatewayException {
        String known = name.equalsIgnoreCase("model") ? "model" : name.equalsIgnoreCase("stream") ? "stream" : null;
        if (known != null) {
            throw ModelRequestReader.badRequest(known + ": spelled in another case (expected: " + known + ")")
                    .param(known);
        }
    }

    /**
     * The string whose opening quote stands at {@code start}; the parser has found it well-formed. Behind a body that ends in
     * the middle of a number, the parser's places are wrong.
     */
    private Span stringAt(long start) throws GatewayException {
        if (start >= body.readableBytes()) {
            throw tooEarly();
        }
        int first = body.readerIndex() + Math.toIntExact(start);
        int at = first + 1;
        for (byte b = body.getByte(at); b != '"'; b = body.getByte(at)) {
            at += b == '\\' ? 2 : 1;
        }
        return new Span(first - body.readerIndex(), at + 1 - first);
    }

    /** What stands in the body. */
    ModelRequest result() throws GatewayException {
        if (model == null || modelSpan == null) {
            throw ModelRequestReader.modelMissing();
        }
        return new ModelRequest(
                model, modelSpan, true, stream, maxTokens ? null : maxCompletionTokensName, streamOptions);
    }

    private static GatewayException repeated(JsonParser parser, String name) {
        return isKnown(name)
                ? ModelRequestReader.badRequest(name + ": given twice").param(name)
                : ModelRequestReader.badRequest(
                        "request body: the same field twice" + where(parser.currentTokenLocation()));
    }

    private static GatewayException tooEarly() {
        return ModelRequestReader.badRequest("request body: the JSON ends too early");
    }

    private static GatewayException malformed(@Nullable JsonLocation location) {
        return ModelRequestReader.badRequest("request body: malformed JSON" + where(location));
    }

    private static String where(@Nullable JsonLocation location) {
        return location == null ? "" : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    }
}

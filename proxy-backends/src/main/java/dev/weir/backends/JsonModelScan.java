package dev.weir.backends;

import dev.weir.core.GatewayException;
import dev.weir.core.JsonFault;
import dev.weir.core.JsonTokenizer;
import dev.weir.core.JsonTokenizer.Token;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.IncludeUsage;
import dev.weir.core.ModelRequest.Span;
import dev.weir.core.ModelRequest.StreamOptions;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One pass over a JSON body (RFC 8259): checks all of it and finds the fields of the top level that Weir works with.
 *
 * <p>A gateway and the server behind it must never read two different models from one body. So what parsers are known to
 * read in different ways is refused: a repeated name, a field that differs from a known one in case only (Go's decoder takes
 * either), a name with a NUL, anything after the object, and encodings other than UTF-8.
 *
 * <p>Values other than the model's are passed over, not decoded. One thread, any; one use. Borrows the body, also for {@link #has}.
 */
final class JsonModelScan {
    private static final int MAX_TOP_LEVEL_FIELDS = 1_000;

    /** Bound the time, which names and small values cost most of: together some 100 ms at worst. */
    private static final int MAX_NAMES = 100_000;

    private static final int MAX_TOKENS = 3_000_000;

    /** Longer than 256 characters can be in JSON, each of them escaped. */
    private static final int MAX_MODEL_BYTES = 4_096;

    private static final String[] KNOWN = {"model", "stream", "max_tokens", "max_completion_tokens", "stream_options"};

    private final ByteBuffer body;
    private final JsonTokenizer tokenizer;
    private final JsonNames names;

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

    private JsonModelScan(ByteBuffer body) {
        this.body = body;
        this.tokenizer = new JsonTokenizer(body);
        this.names = new JsonNames(body);
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
        JsonModelScan scan = new JsonModelScan(view(body));
        try {
            scan.readDocument();
        } catch (JsonFault e) {
            throw scan.refusal(e);
        }
        return scan;
    }

    /** The readable bytes, counted from 0; one piece, so a copy of a body that came in several. */
    private static ByteBuffer view(ByteBuf body) {
        ByteBuffer bytes = body.nioBuffer();
        return bytes.position() == 0 ? bytes : bytes.slice();
    }

    /** Whether the object has a field of that name. */
    boolean has(String name) {
        return names.has(name);
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

    /** Tells those who send another encoding so, which otherwise looks like a malformed text. */
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
        boolean utf8 = body.getByte(start) > 0;
        for (int i = 1; i < Math.min(4, length); i++) {
            utf8 &= body.getByte(start + i) != 0;
        }
        if (!utf8) {
            throw ModelRequestReader.badRequest("request body: not JSON in UTF-8 (expected: a JSON object)");
        }
    }

    private void readDocument() throws JsonFault, GatewayException {
        Token first = tokenizer.next();
        if (first != Token.OBJECT) {
            throw ModelRequestReader.badRequest("request body: not an object (expected: a JSON object)");
        }
        firstField = tokenizer.end();
        while (tokenizer.next() == Token.NAME) {
            readField();
        }
        tokenizer.next();
    }

    private void readField() throws JsonFault, GatewayException {
        if (names.size() == MAX_TOP_LEVEL_FIELDS) {
            throw ModelRequestReader.badRequest(
                    "request body: too many fields (expected: at most " + MAX_TOP_LEVEL_FIELDS + " at the top level)");
        }
        String known = known();
        if (!names.add(tokenizer)) {
            throw repeated(known);
        }
        switch (known) {
            case "model" -> readModel();
            case "stream" -> readStream();
            case "max_tokens" -> {
                maxTokens = true;
                skipValue();
            }
            case "max_completion_tokens" -> {
                maxCompletionTokensName = span();
                skipValue();
            }
            case "stream_options" -> readStreamOptions();
            default -> {
                refuseOtherCase();
                skipValue();
            }
        }
    }

    /** The name that the tokenizer is at if it is one that is worked with, else an empty one. */
    private String known() {
        for (String name : KNOWN) {
            if (tokenizer.is(name)) {
                return name;
            }
        }
        return "";
    }

    private void readModel() throws JsonFault, GatewayException {
        Token token = tokenizer.next();
        if (token == Token.NULL) {
            return;
        }
        if (token != Token.STRING) {
            throw ModelRequestReader.badRequest("model: not a string (expected: the name of a model)")
                    .param("model");
        }
        if (tokenizer.end() - tokenizer.start() > MAX_MODEL_BYTES) {
            throw ModelRequestReader.modelTooLong();
        }
        model = ModelRequestReader.validModel(tokenizer.text());
        modelSpan = span();
    }

    private void readStream() throws JsonFault, GatewayException {
        Token token = tokenizer.next();
        if (token != Token.TRUE && token != Token.FALSE && token != Token.NULL) {
            throw ModelRequestReader.badRequest("stream: not a boolean (expected: true or false)")
                    .param("stream");
        }
        stream = token == Token.TRUE;
        streamSpan = span();
    }

    private void readStreamOptions() throws JsonFault, GatewayException {
        Token token = tokenizer.next();
        int start = tokenizer.start();
        if (token != Token.OBJECT) {
            streamOptions = token == Token.NULL
                    ? new StreamOptions(IncludeUsage.NULL, span())
                    : new StreamOptions(IncludeUsage.UNKNOWN, new Span(start, 0));
            skipRest(token);
            return;
        }
        StreamOptions unsaid = null;
        StreamOptions said = null;
        while (tokenizer.next() == Token.NAME) {
            countName();
            unsaid = new StreamOptions(IncludeUsage.UNSAID, new Span(start + 1, 0));
            if (!tokenizer.is("include_usage")) {
                skipValue();
            } else if (said != null) {
                throw ModelRequestReader.badRequest("stream_options.include_usage: given twice")
                        .param("stream_options");
            } else {
                said = includeUsage();
            }
        }
        streamOptions = said != null
                ? said
                : unsaid != null ? unsaid : new StreamOptions(IncludeUsage.EMPTY, new Span(start + 1, 0));
    }

    private StreamOptions includeUsage() throws JsonFault, GatewayException {
        Token token = tokenizer.next();
        StreamOptions options = switch (token) {
            case TRUE -> new StreamOptions(IncludeUsage.ON, span());
            case FALSE, NULL -> new StreamOptions(IncludeUsage.OFF, span());
            default -> new StreamOptions(IncludeUsage.UNKNOWN, new Span(tokenizer.start(), 0));
        };
        skipRest(token);
        return options;
    }

    /** Where the current token stands. */
    private Span span() {
        return new Span(tokenizer.start(), tokenizer.end() - tokenizer.start());
    }

    private void skipValue() throws JsonFault, GatewayException {
        skipRest(tokenizer.next());
    }

    /** Passes over the value that begins with {@code first}, the current token. */
    private void skipRest(Token first) throws JsonFault, GatewayException {
        int depth = 0;
        Token token = first;
        while (true) {
            if (token == Token.OBJECT || token == Token.ARRAY) {
                depth++;
            } else if (token == Token.OBJECT_END || token == Token.ARRAY_END) {
                depth--;
            } else if (token == Token.NAME) {
                countName();
            }
            if (++tokens > MAX_TOKENS) {
                throw ModelRequestReader.badRequest(
                        "request body: too many values (expected: at most " + MAX_TOKENS + ")");
            }
            if (depth == 0) {
                return;
            }
            token = tokenizer.next();
        }
    }

    private void countName() throws GatewayException {
        if (++nestedNames > MAX_NAMES) {
            throw ModelRequestReader.badRequest("request body: too many names (expected: at most " + MAX_NAMES + ")");
        }
    }

    private void refuseOtherCase() throws GatewayException {
        int length = tokenizer.end() - tokenizer.start() - 2;
        if (tokenizer.isPlain() && length != "model".length() && length != "stream".length()) {
            return;
        }
        String name = tokenizer.text();
        if (name.indexOf('\0') >= 0) {
            // Where strings end at a NUL, it may be one of those that are known.
            throw ModelRequestReader.badRequest("request body: a name with a NUL" + where(tokenizer.start()));
        }
        String known = name.equalsIgnoreCase("model") ? "model" : name.equalsIgnoreCase("stream") ? "stream" : null;
        if (known != null) {
            throw ModelRequestReader.badRequest(known + ": spelled in another case (expected: " + known + ")")
                    .param(known);
        }
    }

    /** What stands in the body. */
    ModelRequest result() throws GatewayException {
        if (model == null || modelSpan == null) {
            throw ModelRequestReader.modelMissing();
        }
        return new ModelRequest(
                model, modelSpan, true, stream, maxTokens ? null : maxCompletionTokensName, streamOptions);
    }

    private GatewayException repeated(String known) {
        return known.isEmpty()
                ? ModelRequestReader.badRequest("request body: the same field twice" + where(tokenizer.start()))
                : ModelRequestReader.badRequest(known + ": given twice").param(known);
    }

    private GatewayException refusal(JsonFault fault) {
        return switch (fault.kind()) {
            case TOO_EARLY ->
                ModelRequestReader.badRequest(
                        isBlank()
                                ? "request body: empty (expected: a JSON object)"
                                : "request body: the JSON ends too early");
            case TOO_LONG ->
                ModelRequestReader.badRequest("request body: the JSON is nested deeper than "
                        + JsonTokenizer.MAX_NESTING + " levels, or holds a number or name that is too long");
            case MALFORMED -> ModelRequestReader.badRequest("request body: malformed JSON" + where(fault.place()));
        };
    }

    private boolean isBlank() {
        for (int i = 0; i < body.limit(); i++) {
            if (body.get(i) > ' ') {
                return false;
            }
        }
        return true;
    }

    private String where(int place) {
        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < place; i++) {
            if (body.get(i) == '\n') {
                line++;
                lineStart = i + 1;
            }
        }
        return " at line " + line + ", column " + (place - lineStart + 1);
    }
}

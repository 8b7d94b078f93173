package dev.weir.backends.embeddings;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.JsonCursor;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request for embeddings: where its texts stand in the body, and what they are wanted as. Borrows the body, which was
 * checked when it came. Confined to the event loop of its exchange.
 */
final class EmbeddingsRequest {
    /** As many as OpenAI takes. */
    static final int MAX_TEXTS = 2048;

    private static final byte[] PROMPT = "\"prompt\"".getBytes(StandardCharsets.US_ASCII);

    /** What parts do not carry: they have a text of their own, and answer with numbers in full length. */
    private static final Set<String> OF_THE_WHOLE = Set.of("model", "input", "prompt", "encoding_format", "dimensions");

    private final ByteBuf body;
    private final ModelRequest model;
    private final List<Span> others = new ArrayList<>();
    private @Nullable Span inputName;
    private @Nullable Span input;
    private byte inputKind;
    private boolean prompt;
    private boolean dimensions;
    private @Nullable String encodingFormat;

    private EmbeddingsRequest(ByteBuf body, ModelRequest model) {
        this.body = body;
        this.model = model;
    }

    static EmbeddingsRequest of(ByteBuf body, ModelRequest model) {
        EmbeddingsRequest request = new EmbeddingsRequest(body, model);
        JsonCursor members = JsonCursor.of(body);
        while (members.next()) {
            request.read(members);
        }
        return request;
    }

    private void read(JsonCursor member) {
        String name = member.name();
        boolean given = member.kind() != 'n';
        switch (name) {
            case "input" -> {
                inputName = new Span(member.nameStart(), member.nameEnd() - member.nameStart());
                input = new Span(member.valueStart(), member.valueEnd() - member.valueStart());
                inputKind = member.kind();
            }
            case "prompt" -> prompt = given;
            case "dimensions" -> dimensions = given;
            case "encoding_format" -> encodingFormat = given ? member.valueText() : null;
            default -> {}
        }
        if (!OF_THE_WHOLE.contains(name)) {
            others.add(new Span(member.nameStart(), member.valueEnd() - member.nameStart()));
        }
    }

    boolean hasInput() {
        return input != null;
    }

    boolean hasPrompt() {
        return prompt;
    }

    boolean hasEncodingFormat() {
        return encodingFormat != null;
    }

    boolean isOneText() {
        return inputKind == '"';
    }

    /** The body with {@code "prompt"} in the place of {@code "input"}, and every other byte as it was. The caller releases it. */
    ByteBuf renamed() {
        Span name = inputName;
        if (name == null) {
            throw new IllegalStateException("input: there is none");
        }
        int start = body.readerIndex();
        return PooledByteBufAllocator.DEFAULT
                .directBuffer(body.readableBytes() + PROMPT.length - name.length())
                .writeBytes(body, start, name.start())
                .writeBytes(PROMPT)
                .writeBytes(body, start + name.end(), body.readableBytes() - name.end());
    }

    /**
     * The texts, each for a call of its own.
     *
     * @throws GatewayException if the request asks for what one call for each text cannot give
     */
    Parts parts() throws GatewayException {
        boolean base64 = isBase64();
        if (dimensions) {
            throw refused("dimensions", "the backends of this model give embeddings in full length only");
        }
        List<Span> texts = texts();
        return new Parts(body, model, List.copyOf(texts), List.copyOf(others), base64);
    }

    private boolean isBase64() throws GatewayException {
        if (encodingFormat == null || encodingFormat.equals("\"float\"")) {
            return false;
        }
        if (encodingFormat.equals("\"base64\"")) {
            return true;
        }
        throw refused("encoding_format", "unknown (expected: float or base64)");
    }

    private List<Span> texts() throws GatewayException {
        List<Span> texts = new ArrayList<>();
        if (input == null) {
            throw refused("input", "missing (expected: a text, or a list of texts)");
        }
        if (inputKind == '"') {
            texts.add(input);
            return texts;
        }
        if (inputKind != '[') {
            throw refused("input", "neither a text nor a list (expected: a text, or a list of texts)");
        }
        JsonCursor elements = JsonCursor.of(body.slice(body.readerIndex() + input.start(), input.length()));
        while (elements.next()) {
            if (elements.kind() != '"') {
                throw refused("input", "holds tokens, but the backends of this model take text only");
            }
            if (texts.size() == MAX_TEXTS) {
                throw refused("input", "too many texts (expected: at most " + MAX_TEXTS + ")");
            }
            texts.add(new Span(input.start() + elements.valueStart(), elements.valueEnd() - elements.valueStart()));
        }
        if (texts.isEmpty()) {
            throw refused("input", "empty (expected: a text, or a list of texts)");
        }
        return texts;
    }

    private static GatewayException refused(String field, String why) {
        return new GatewayException(GatewayError.BAD_REQUEST, field + ": " + why).param(field);
    }
}

package dev.weir.backends.embeddings;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Dialect;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The embeddings of the parts, put together in OpenAI's form. Understands the answers of Ollama's {@code /api/embeddings} and
 * {@code /api/embed} and of OpenAI's {@code /v1/embeddings}. Confined to the event loop.
 */
final class MergedEmbeddings {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Bounds what is held for one answer. */
    private static final long MAX_BYTES = 64L * 1024 * 1024;

    private final Parts parts;
    private final byte[][] embeddings;
    private long bytes;
    private long promptTokens;
    private @Nullable Headers headers;

    MergedEmbeddings(Parts parts) {
        this.parts = parts;
        this.embeddings = new byte[parts.size()][];
    }

    /**
     * Takes the answer to one part in. Borrows {@code body}.
     *
     * @throws IOException if it is no embedding
     */
    void add(int index, ResponseHead head, ByteBuf body) throws IOException, GatewayException {
        JsonNode answer = read(body);
        JsonNode embedding = embedding(answer);
        byte[] text = parts.base64() ? base64(embedding) : numbers(embedding);
        bytes += text.length;
        if (bytes > MAX_BYTES) {
            throw new GatewayException(
                            GatewayError.BAD_REQUEST,
                            "input: the embeddings take more than " + MAX_BYTES
                                    + " bytes together; ask for fewer at once")
                    .param("input");
        }
        embeddings[index] = text;
        long counted = answer.path("usage")
                .path("prompt_tokens")
                .asLong(answer.path("prompt_eval_count").asLong(0));
        promptTokens += counted > 0 ? counted : parts.estimatedTokens(index);
        if (headers == null) {
            headers = head.headers();
        }
    }

    private static JsonNode read(ByteBuf body) throws IOException {
        try (InputStream in = new ByteBufInputStream(body.duplicate())) {
            return JSON.readTree(in);
        }
    }

    private static JsonNode embedding(JsonNode answer) throws IOException {
        JsonNode embedding = answer.path("embedding");
        if (embedding.isMissingNode()) {
            embedding = answer.path("data").path(0).path("embedding");
        }
        if (embedding.isMissingNode()) {
            embedding = answer.path("embeddings").path(0);
        }
        if (!embedding.isArray() && !embedding.isTextual()) {
            throw new JsonParseException(null, "no embedding");
        }
        return embedding;
    }

    private static byte[] numbers(JsonNode embedding) throws IOException {
        return JSON.writeValueAsBytes(embedding.isArray() ? embedding : floats(embedding));
    }

    private static float[] floats(JsonNode base64) throws IOException {
        ByteBuffer octets = ByteBuffer.wrap(base64.binaryValue()).order(ByteOrder.LITTLE_ENDIAN);
        float[] floats = new float[octets.remaining() / Float.BYTES];
        octets.asFloatBuffer().get(floats);
        return floats;
    }

    /** What OpenAI calls base64: the numbers as IEEE 754 single precision, little-endian, one after the other. */
    private static byte[] base64(JsonNode embedding) throws IOException {
        if (embedding.isTextual()) {
            return JSON.writeValueAsBytes(embedding);
        }
        ByteBuffer octets = ByteBuffer.allocate(embedding.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (JsonNode number : embedding) {
            octets.putFloat(number.floatValue());
        }
        return ('"' + Base64.getEncoder().encodeToString(octets.array()) + '"').getBytes(StandardCharsets.US_ASCII);
    }

    /** The answer to the whole. */
    LocalResponse answer() {
        CompositeByteBuf body = Unpooled.compositeBuffer(2 * embeddings.length + 3);
        append(body, "{\"object\":\"list\",\"data\":[");
        for (int i = 0; i < embeddings.length; i++) {
            append(body, (i == 0 ? "" : "},") + "{\"object\":\"embedding\",\"index\":" + i + ",\"embedding\":");
            body.addComponent(true, Unpooled.wrappedBuffer(embeddings[i]));
        }
        append(body, "}],\"model\":");
        body.addComponent(true, Unpooled.wrappedBuffer(parts.modelText()));
        append(body, ",\"usage\":{\"prompt_tokens\":" + promptTokens + ",\"total_tokens\":" + promptTokens + "}}");
        Headers fields = new Headers().add("Content-Type", "application/json");
        copy("x-weir-backend", fields);
        copy("x-weir-model", fields);
        return LocalResponse.of(200, fields, body);
    }

    private static void append(CompositeByteBuf body, String text) {
        body.addComponent(true, Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
    }

    private void copy(String name, Headers fields) {
        String value = headers == null ? null : headers.get(name);
        if (value != null) {
            fields.add(name, value);
        }
    }

    /** A part's error as the answer to the whole, in the dialect of the client. Borrows {@code body}. */
    static LocalResponse refusal(Dialect dialect, ResponseHead head, ByteBuf body) {
        JsonNode message = dialect == Dialect.OPENAI ? message(body) : JsonNodeFactory.instance.missingNode();
        Headers fields = head.headers().copy();
        if (!message.isTextual()) {
            return LocalResponse.of(head.status(), fields, Unpooled.copiedBuffer(body));
        }
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.putObject("error")
                .put("message", message.textValue())
                .put("type", head.status() < 500 ? "invalid_request_error" : "server_error")
                .putNull("param")
                .putNull("code");
        return LocalResponse.of(
                head.status(), fields, Unpooled.copiedBuffer(answer.toString(), StandardCharsets.UTF_8));
    }

    /** Ollama's {@code {"error": "text"}}; anything else is passed on as it is. */
    private static JsonNode message(ByteBuf body) {
        try {
            return read(body).path("error");
        } catch (IOException e) {
            return JsonNodeFactory.instance.missingNode();
        }
    }
}

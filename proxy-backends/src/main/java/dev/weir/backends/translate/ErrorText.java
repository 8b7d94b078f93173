package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** What a backend says in an error, in whichever of the usual forms it says it. Any thread. */
public final class ErrorText {
    /** What is kept of an error, at most. */
    public static final int MAX_BYTES = 64 * 1024;

    private static final int MAX_PLAIN_LENGTH = 500;
    private static final ObjectMapper JSON = new ObjectMapper();

    private ErrorText() {}

    /** The message in the readable bytes of {@code error}, or the empty string. Borrows it and moves no index. */
    public static String of(ByteBuf error) {
        try (InputStream in = new ByteBufInputStream(error.slice())) {
            JsonNode document = JSON.readTree(in);
            return document == null ? "" : of(document);
        } catch (IOException e) {
            String plain = error.toString(StandardCharsets.UTF_8).strip();
            boolean markup = plain.startsWith("<");
            return markup ? "" : plain.substring(0, Math.min(plain.length(), MAX_PLAIN_LENGTH));
        }
    }

    /** OpenAI's and Anthropic's object, Ollama's text, and what older servers make of it. */
    private static String of(JsonNode document) {
        JsonNode error = document.path("error");
        for (JsonNode said :
                new JsonNode[] {error.path("message"), error, document.path("message"), document.path("detail")}) {
            if (said.isTextual()) {
                return said.textValue();
            }
        }
        return error.isMissingNode() ? "" : error.toString();
    }
}

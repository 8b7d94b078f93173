package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Ollama's lines as OpenAI's chunks. */
final class ChunksOfLines implements StreamedAnswer.Telling {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);

    private final boolean chat;
    private final boolean includeUsage;
    private final ObjectNode head;
    private boolean begun;

    ChunksOfLines(boolean chat, String model, boolean includeUsage) {
        this.chat = chat;
        this.includeUsage = includeUsage;
        this.head = OpenAiAnswers.head(chat ? "chat.completion.chunk" : "text_completion", chat, model);
    }

    @Override
    public void tell(JsonNode line, ByteBuf out) {
        if (line.hasNonNull("error")) {
            ObjectNode error = Json.object();
            error.putObject("error").put("message", line.path("error").asText());
            append(error, out);
            return;
        }
        if (!begun && chat) {
            append(chunk("", "assistant", null), out);
        }
        begun = true;
        String text = chat
                ? line.at("/message/content").asText("")
                : line.path("response").asText("");
        if (!text.isEmpty()) {
            append(chunk(text, null, null), out);
        }
        if (line.path("done").asBoolean()) {
            finish(line, out);
        }
    }

    private void finish(JsonNode line, ByteBuf out) {
        append(chunk("", null, OpenAiAnswers.finish(line)), out);
        if (includeUsage) {
            ObjectNode last = head.deepCopy();
            last.putArray("choices");
            append(last.set("usage", OpenAiAnswers.usage(line)), out);
        }
        out.writeBytes(DONE);
    }

    private ObjectNode chunk(String text, @Nullable String role, @Nullable String finish) {
        ObjectNode chunk = head.deepCopy();
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        if (chat) {
            ObjectNode delta = choice.putObject("delta");
            if (role != null) {
                delta.put("role", role);
            }
            if (finish == null) {
                delta.put("content", text);
            }
        } else {
            choice.put("text", text);
        }
        choice.put("finish_reason", finish);
        return chunk;
    }

    @Override
    public void done(ByteBuf out) {}

    @Override
    public void end(ByteBuf out) {}

    private static void append(JsonNode chunk, ByteBuf out) {
        out.writeBytes(DATA).writeBytes(Json.bytes(chunk)).writeBytes(END);
    }
}

package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;

/** OpenAI's chunks as Ollama's lines. The usage comes behind the finish, and the last line holds both. */
final class LinesOfChunks implements StreamedAnswer.Telling {
    private final boolean chat;
    private final String model;
    private final long sinceNanos = System.nanoTime();
    private String finish = "";
    private JsonNode usage = Json.object();
    private boolean ended;

    LinesOfChunks(boolean chat, String model) {
        this.chat = chat;
        this.model = model;
    }

    @Override
    public void tell(JsonNode chunk, ByteBuf out) {
        if (chunk.hasNonNull("error")) {
            JsonNode error = chunk.path("error");
            String text = error.path("message").asText(error.asText("the backend failed"));
            append(Json.object().put("error", text), out);
            return;
        }
        if (chunk.hasNonNull("usage")) {
            usage = chunk.get("usage");
        }
        JsonNode choice = chunk.path("choices").path(0);
        JsonNode delta = choice.path("delta");
        String text = delta.path("content").asText("");
        if (delta.path("content").isNull()) {
            text = "";
        }
        if (!text.isEmpty()) {
            append(OllamaAnswers.line(chat, model, text).put("done", false), out);
        }
        if (choice.hasNonNull("finish_reason")) {
            finish = choice.path("finish_reason").asText();
        }
    }

    @Override
    public void done(ByteBuf out) {
        end(out);
    }

    @Override
    public void end(ByteBuf out) {
        if (!ended && !finish.isEmpty()) {
            ended = true;
            append(OllamaAnswers.finished(OllamaAnswers.line(chat, model, ""), finish, usage, sinceNanos), out);
        }
    }

    private static void append(ObjectNode line, ByteBuf out) {
        out.writeBytes(Json.bytes(line)).writeByte('\n');
    }
}

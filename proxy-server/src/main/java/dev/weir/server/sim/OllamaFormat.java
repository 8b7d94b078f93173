package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.function.Consumer;

/** Ollama's own answers (docs/api.md): NDJSON of {@code /api/chat} and {@code /api/generate}. *Runs on the event loop.* */
final class OllamaFormat implements StreamFormat {
    static final String NDJSON = "application/x-ndjson";

    private final ByteBufAllocator alloc;
    private final Answer answer;
    private final boolean chat;
    private final JsonTemplate token;

    /** @param chat whether the text is a message's content, else {@code response} */
    OllamaFormat(ByteBufAllocator alloc, Answer answer, boolean chat) {
        this.alloc = alloc;
        this.answer = answer;
        this.chat = chat;
        this.token =
                JsonTemplate.line(object(JsonTemplate.HOLE, JsonTemplate.HOLE).put("done", false));
    }

    @Override
    public String contentType() {
        return NDJSON;
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        if (answer.toolCall() == null) {
            sink.accept(token.fill(alloc, now(), answer.tokens().get(index)));
        } else if (index == answer.tokens().size() - 1) {
            ObjectNode event = object(now(), "");
            addToolCall(event);
            sink.accept(Frames.line(event.put("done", false)));
        }
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        sink.accept(Frames.line(finish(object(now(), ""), timing)));
    }

    @Override
    public JsonNode whole(Timing timing) {
        ObjectNode object = object(now(), answer.toolCall() == null ? answer.text() : "");
        addToolCall(object);
        return finish(object, timing);
    }

    private ObjectNode object(String createdAt, String text) {
        ObjectNode object = Json.object().put("model", answer.model()).put("created_at", createdAt);
        if (chat) {
            object.putObject("message").put("role", "assistant").put("content", text);
            return object;
        }
        return object.put("response", text);
    }

    private void addToolCall(ObjectNode object) {
        Answer.ToolCall call = answer.toolCall();
        if (call != null && object.get("message") instanceof ObjectNode message) {
            ObjectNode entry = message.putArray("tool_calls").addObject().put("id", call.id());
            ObjectNode function = entry.putObject("function").put("index", 0).put("name", call.name());
            function.set("arguments", call.arguments());
        }
    }

    private ObjectNode finish(ObjectNode object, Timing timing) {
        object.put("done", true).put("done_reason", answer.finish() == Answer.Finish.LENGTH ? "length" : "stop");
        if (!chat) {
            addContext(object.putArray("context"));
        }
        return object.put("total_duration", timing.totalNanos())
                .put("load_duration", timing.loadNanos())
                .put("prompt_eval_count", answer.promptTokens())
                .put("prompt_eval_duration", timing.promptNanos())
                .put("eval_count", answer.completionTokens())
                .put("eval_duration", timing.evalNanos());
    }

    /** Token numbers that would continue this text. */
    private void addContext(ArrayNode context) {
        answer.tokens().forEach(text -> context.add(Math.floorMod(text.hashCode(), 32_000)));
    }

    static String now() {
        return Instant.now().toString();
    }
}

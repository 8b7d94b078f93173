package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers of Ollama's {@code /v1/chat/completions} (its {@code openai/openai.go}): the role in every delta, a tool call
 * in one piece, and {@code usage} only in the chunk that carries it. *Runs on the event loop.*
 */
final class OllamaV1ChatFormat implements StreamFormat {
    static final String FINGERPRINT = "fp_ollama";

    private final ByteBufAllocator alloc;
    private final Answer answer;
    private final boolean includeUsage;
    private final String id = Ids.small("chatcmpl-");
    private final long created = Instant.now().getEpochSecond();
    private final JsonTemplate token;

    OllamaV1ChatFormat(ByteBufAllocator alloc, Answer answer, boolean includeUsage) {
        this.alloc = alloc;
        this.answer = answer;
        this.includeUsage = includeUsage;
        this.token = JsonTemplate.data(chunk(message(JsonTemplate.HOLE), null));
    }

    @Override
    public String contentType() {
        return SimKind.OLLAMA.eventStreamType();
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        if (answer.toolCall() == null) {
            sink.accept(token.fill(alloc, answer.tokens().get(index)));
        } else if (index == answer.tokens().size() - 1) {
            sink.accept(Frames.data(chunk(withToolCall(message("")), null)));
        }
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        sink.accept(Frames.data(chunk(message(""), answer.finish().word())));
        if (includeUsage) {
            ObjectNode last = head("chat.completion.chunk");
            last.putArray("choices");
            sink.accept(Frames.data(last.set("usage", Usage.plain(answer))));
        }
        sink.accept(Frames.done());
    }

    @Override
    public JsonNode whole(Timing timing) {
        ObjectNode body = head("chat.completion");
        ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
        choice.set("message", answer.toolCall() == null ? message(answer.text()) : withToolCall(message("")));
        choice.put("finish_reason", answer.finish().word());
        return body.set("usage", Usage.plain(answer));
    }

    private ObjectNode head(String object) {
        return Json.object()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", answer.model())
                .put("system_fingerprint", FINGERPRINT);
    }

    private ObjectNode chunk(ObjectNode delta, @Nullable String finish) {
        ObjectNode chunk = head("chat.completion.chunk");
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.put("finish_reason", finish);
        return chunk;
    }

    private static ObjectNode message(String content) {
        return Json.object().put("role", "assistant").put("content", content);
    }

    private ObjectNode withToolCall(ObjectNode message) {
        Answer.ToolCall call = answer.toolCall();
        if (call != null) {
            ObjectNode entry = message.putArray("tool_calls").addObject();
            entry.put("id", call.id()).put("index", 0).put("type", "function");
            entry.putObject("function").put("name", call.name()).put("arguments", answer.text());
        }
        return message;
    }
}

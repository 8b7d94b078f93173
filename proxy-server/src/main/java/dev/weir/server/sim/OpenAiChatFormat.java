package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers of {@code /v1/chat/completions} as OpenAI writes them. *Runs on the event loop.* */
final class OpenAiChatFormat implements StreamFormat {
    static final String FINGERPRINT = "fp_sim";

    private final ByteBufAllocator alloc;
    private final Answer answer;
    private final boolean includeUsage;
    private final String id = Ids.next("chatcmpl-");
    private final long created = Instant.now().getEpochSecond();
    private final JsonTemplate token;

    OpenAiChatFormat(ByteBufAllocator alloc, Answer answer, boolean includeUsage) {
        this.alloc = alloc;
        this.answer = answer;
        this.includeUsage = includeUsage;
        this.token = JsonTemplate.data(
                answer.toolCall() == null
                        ? chunk(Json.object().put("content", JsonTemplate.HOLE), null)
                        : chunk(argumentsDelta(), null));
    }

    @Override
    public String contentType() {
        return SimKind.OPENAI.eventStreamType();
    }

    @Override
    public void begin(Consumer<ByteBuf> sink) {
        ObjectNode delta = Json.object().put("role", "assistant");
        Answer.ToolCall call = answer.toolCall();
        if (call == null) {
            sink.accept(Frames.data(chunk(delta.put("content", "").putNull("refusal"), null)));
            return;
        }
        ObjectNode entry = delta.putNull("content").putArray("tool_calls").addObject();
        entry.put("index", 0).put("id", call.id()).put("type", "function");
        entry.putObject("function").put("name", call.name()).put("arguments", "");
        sink.accept(Frames.data(chunk(delta.putNull("refusal"), null)));
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        sink.accept(token.fill(alloc, answer.tokens().get(index)));
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        sink.accept(Frames.data(chunk(Json.object(), answer.finish().word())));
        if (includeUsage) {
            ObjectNode last = head("chat.completion.chunk").put("system_fingerprint", FINGERPRINT);
            last.putArray("choices");
            sink.accept(Frames.data(last.set("usage", Usage.detailed(answer))));
        }
        sink.accept(Frames.done());
    }

    @Override
    public JsonNode whole(Timing timing) {
        ObjectNode body = head("chat.completion");
        ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        Answer.ToolCall call = answer.toolCall();
        if (call == null) {
            message.put("content", answer.text());
        } else {
            ObjectNode entry = message.putNull("content").putArray("tool_calls").addObject();
            entry.put("id", call.id()).put("type", "function");
            entry.putObject("function").put("name", call.name()).put("arguments", answer.text());
        }
        message.putNull("refusal").putArray("annotations");
        choice.putNull("logprobs").put("finish_reason", answer.finish().word());
        body.set("usage", Usage.detailed(answer));
        return body.put("system_fingerprint", FINGERPRINT);
    }

    private ObjectNode head(String object) {
        return Json.object()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", answer.model());
    }

    private ObjectNode chunk(ObjectNode delta, @Nullable String finish) {
        ObjectNode chunk = head("chat.completion.chunk").put("system_fingerprint", FINGERPRINT);
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.putNull("logprobs").put("finish_reason", finish);
        return includeUsage ? chunk.putNull("usage") : chunk;
    }

    private static ObjectNode argumentsDelta() {
        ObjectNode delta = Json.object();
        ObjectNode entry = delta.putArray("tool_calls").addObject().put("index", 0);
        entry.putObject("function").put("arguments", JsonTemplate.HOLE);
        return delta;
    }
}

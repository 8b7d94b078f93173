package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.function.Consumer;

/** Answers of Anthropic's {@code /v1/messages}: one content block, named events. *Runs on the event loop.* */
final class MessagesFormat implements StreamFormat {
    private final SimKind kind;
    private final ByteBufAllocator alloc;
    private final Answer answer;
    private final String id = Ids.next("msg_");
    private final JsonTemplate token;

    MessagesFormat(SimKind kind, ByteBufAllocator alloc, Answer answer) {
        this.kind = kind;
        this.alloc = alloc;
        this.answer = answer;
        ObjectNode delta = event("content_block_delta").put("index", 0);
        if (answer.toolCall() == null) {
            delta.putObject("delta").put("type", "text_delta").put("text", JsonTemplate.HOLE);
        } else {
            delta.putObject("delta").put("type", "input_json_delta").put("partial_json", JsonTemplate.HOLE);
        }
        this.token = JsonTemplate.event("content_block_delta", delta);
    }

    @Override
    public String contentType() {
        return kind.eventStreamType();
    }

    @Override
    public void begin(Consumer<ByteBuf> sink) {
        ObjectNode message = head();
        message.putArray("content");
        message.putNull("stop_reason").putNull("stop_sequence").set("usage", usage(1));
        send(sink, event("message_start").set("message", message));
        send(sink, event("content_block_start").put("index", 0).set("content_block", block("", Json.object())));
        send(sink, event("ping"));
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        sink.accept(token.fill(alloc, answer.tokens().get(index)));
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        send(sink, event("content_block_stop").put("index", 0));
        ObjectNode last = event("message_delta");
        last.putObject("delta").put("stop_reason", stopReason()).putNull("stop_sequence");
        last.putObject("usage").put("output_tokens", answer.completionTokens());
        send(sink, last);
        send(sink, event("message_stop"));
    }

    @Override
    public JsonNode whole(Timing timing) {
        ObjectNode message = head();
        Answer.ToolCall call = answer.toolCall();
        message.putArray("content").add(block(answer.text(), call == null ? Json.object() : call.arguments()));
        message.put("stop_reason", stopReason()).putNull("stop_sequence");
        return message.set("usage", usage(answer.completionTokens()));
    }

    private ObjectNode head() {
        return Json.object()
                .put("id", id)
                .put("type", "message")
                .put("role", "assistant")
                .put("model", answer.model());
    }

    private ObjectNode block(String text, ObjectNode input) {
        Answer.ToolCall call = answer.toolCall();
        if (call == null) {
            return Json.object().put("type", "text").put("text", text);
        }
        return Json.object()
                .put("type", "tool_use")
                .put("id", call.id().replace("call_", "toolu_"))
                .put("name", call.name())
                .set("input", input);
    }

    private ObjectNode usage(int outputTokens) {
        return Json.object()
                .put("input_tokens", answer.promptTokens())
                .put("output_tokens", outputTokens)
                .put("cache_creation_input_tokens", 0)
                .put("cache_read_input_tokens", 0);
    }

    private String stopReason() {
        return switch (answer.finish()) {
            case STOP -> "end_turn";
            case LENGTH -> "max_tokens";
            case TOOL_CALLS -> "tool_use";
        };
    }

    private static ObjectNode event(String type) {
        return Json.object().put("type", type);
    }

    private static void send(Consumer<ByteBuf> sink, JsonNode event) {
        sink.accept(Frames.event(event.path("type").asText(), event));
    }
}

package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import java.time.Instant;
import java.util.function.Consumer;

/** Answers of {@code /v1/responses}: named, numbered events and no {@code [DONE]}. *Runs on the event loop.* */
final class ResponsesFormat implements StreamFormat {
    private final SimKind kind;
    private final Answer answer;
    private final String id = Ids.next("resp_");
    private final String itemId;
    private final long created = Instant.now().getEpochSecond();
    private int sequence;

    ResponsesFormat(SimKind kind, Answer answer) {
        this.kind = kind;
        this.answer = answer;
        this.itemId = Ids.next(answer.toolCall() == null ? "msg_" : "fc_");
    }

    @Override
    public String contentType() {
        return kind.eventStreamType();
    }

    @Override
    public void begin(Consumer<ByteBuf> sink) {
        for (String type : new String[] {"response.created", "response.in_progress"}) {
            send(sink, event(type).set("response", response("in_progress")));
        }
        send(sink, itemEvent("response.output_item.added", item("in_progress", "")));
        if (answer.toolCall() == null) {
            send(sink, partEvent("response.content_part.added", ""));
        }
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        String delta = answer.tokens().get(index);
        if (answer.toolCall() == null) {
            ObjectNode event = inContent("response.output_text.delta").put("delta", delta);
            event.putArray("logprobs");
            send(sink, event);
        } else {
            send(sink, inItem("response.function_call_arguments.delta").put("delta", delta));
        }
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        String text = answer.text();
        if (answer.toolCall() == null) {
            ObjectNode done = inContent("response.output_text.done").put("text", text);
            done.putArray("logprobs");
            send(sink, done);
            send(sink, partEvent("response.content_part.done", text));
        } else {
            send(sink, inItem("response.function_call_arguments.done").put("arguments", text));
        }
        send(sink, itemEvent("response.output_item.done", item(status(), text)));
        String last = "response." + status();
        send(sink, event(last).set("response", whole(timing)));
    }

    @Override
    public JsonNode whole(Timing timing) {
        return response(status());
    }

    private String status() {
        return answer.finish() == Answer.Finish.LENGTH ? "incomplete" : "completed";
    }

    private ObjectNode response(String status) {
        boolean ended = !status.equals("in_progress");
        ObjectNode response = Json.object()
                .put("id", id)
                .put("object", "response")
                .put("created_at", created)
                .put("status", status)
                .putNull("error");
        if (status.equals("incomplete")) {
            response.putObject("incomplete_details").put("reason", "max_output_tokens");
        } else {
            response.putNull("incomplete_details");
        }
        response.put("model", answer.model());
        var output = response.putArray("output");
        if (ended) {
            output.add(item(status, answer.text()));
        }
        response.putNull("previous_response_id");
        return ended ? response.set("usage", usage()) : response.putNull("usage");
    }

    private ObjectNode usage() {
        ObjectNode usage = Json.object().put("input_tokens", answer.promptTokens());
        usage.putObject("input_tokens_details").put("cached_tokens", 0);
        usage.put("output_tokens", answer.completionTokens());
        usage.putObject("output_tokens_details").put("reasoning_tokens", 0);
        return usage.put("total_tokens", answer.totalTokens());
    }

    private ObjectNode item(String status, String text) {
        Answer.ToolCall call = answer.toolCall();
        if (call != null) {
            return Json.object()
                    .put("id", itemId)
                    .put("type", "function_call")
                    .put("status", status)
                    .put("arguments", text)
                    .put("call_id", call.id())
                    .put("name", call.name());
        }
        ObjectNode item = Json.object().put("id", itemId).put("type", "message").put("status", status);
        var content = item.putArray("content");
        if (!status.equals("in_progress")) {
            content.add(part(text));
        }
        return item.put("role", "assistant");
    }

    private static ObjectNode part(String text) {
        ObjectNode part = Json.object().put("type", "output_text");
        part.putArray("annotations");
        return part.put("text", text);
    }

    private ObjectNode event(String type) {
        return Json.object().put("type", type).put("sequence_number", sequence++);
    }

    private ObjectNode itemEvent(String type, ObjectNode item) {
        return event(type).put("output_index", 0).set("item", item);
    }

    private ObjectNode inItem(String type) {
        return event(type).put("item_id", itemId).put("output_index", 0);
    }

    private ObjectNode inContent(String type) {
        return inItem(type).put("content_index", 0);
    }

    private ObjectNode partEvent(String type, String text) {
        return inContent(type).set("part", part(text));
    }

    private static void send(Consumer<ByteBuf> sink, JsonNode event) {
        sink.accept(Frames.event(event.path("type").asText(), event));
    }
}

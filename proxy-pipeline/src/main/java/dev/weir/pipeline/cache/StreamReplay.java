package dev.weir.pipeline.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells a whole answer as a stream of events in OpenAI's form: the role, the content, the reason for its end, the usage if it
 * was asked for, {@code [DONE]}. One use; any thread.
 */
final class StreamReplay {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final Set<String> NOT_OF_CHUNKS = Set.of("choices", "usage", "object");

    private final boolean chat;
    private final ObjectNode answer;
    private final boolean includeUsage;
    private final ByteArrayOutputStream events;

    private StreamReplay(boolean chat, ObjectNode answer, boolean includeUsage, int bytes) {
        this.chat = chat;
        this.answer = answer;
        this.includeUsage = includeUsage;
        this.events = new ByteArrayOutputStream(bytes + 1024);
    }

    /** The events; null if the answer cannot be told so. */
    static byte @Nullable [] events(CacheableCall call, byte[] body, boolean includeUsage) {
        if (call.kind() != AnswerKind.RESPONSES) {
            return null;
        }
        try {
            JsonNode answer = JSON.readTree(body);
            return answer instanceof ObjectNode object && (!includeUsage || object.hasNonNull("usage"))
                    ? new StreamReplay(call == CacheableCall.CHAT, object, includeUsage, body.length).events()
                    : null;
        } catch (IOException noJson) {
            return null;
        }
    }

    private byte @Nullable [] events() throws IOException {
        for (JsonNode choice : answer.path("choices")) {
            if (choice.path("message").hasNonNull("audio")) {
                return null;
            }
            if (chat) {
                tellMessage(choice);
            } else {
                ObjectNode text =
                        part(choice, null).put("text", choice.path("text").asText());
                text.set("logprobs", choice.get("logprobs"));
                tell(text);
            }
        }
        for (JsonNode choice : answer.path("choices")) {
            tell(part(choice, choice.get("finish_reason")));
        }
        if (includeUsage) {
            ObjectNode usage = chunk();
            usage.putArray("choices");
            usage.set("usage", answer.get("usage"));
            write(usage);
        }
        events.write(DONE);
        return events.toByteArray();
    }

    private void tellMessage(JsonNode choice) throws IOException {
        JsonNode message = choice.path("message");
        ObjectNode role = part(choice, null);
        delta(role).put("role", message.path("role").asText("assistant")).put("content", "");
        tell(role);
        for (var field : message.properties()) {
            JsonNode value = field.getValue();
            boolean empty =
                    value.isNull() || (value.isTextual() && value.asText().isEmpty()) || isEmptyList(value);
            if (!empty && !field.getKey().equals("role")) {
                ObjectNode part = part(choice, null);
                delta(part).set(field.getKey(), field.getKey().equals("tool_calls") ? numbered(value) : value);
                if (field.getKey().equals("content")) {
                    part.set("logprobs", choice.get("logprobs"));
                }
                tell(part);
            }
        }
    }

    private static boolean isEmptyList(JsonNode value) {
        return value.isArray() && value.isEmpty();
    }

    /** Calls of tools as streams have them, with their place in the list. */
    private static ArrayNode numbered(JsonNode calls) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        for (JsonNode call : calls) {
            ObjectNode numbered = list.addObject().put("index", list.size() - 1);
            call.properties().forEach(field -> numbered.set(field.getKey(), field.getValue()));
        }
        return list;
    }

    /** A choice of a chunk, so far without content. */
    private ObjectNode part(JsonNode choice, @Nullable JsonNode finishReason) {
        ObjectNode part = JsonNodeFactory.instance.objectNode();
        part.put("index", choice.path("index").asInt());
        if (chat) {
            part.putObject("delta");
        } else {
            part.put("text", "");
        }
        part.putNull("logprobs");
        part.set("finish_reason", finishReason);
        return part;
    }

    private static ObjectNode delta(ObjectNode part) {
        return (ObjectNode) part.get("delta");
    }

    private void tell(ObjectNode part) throws IOException {
        ObjectNode chunk = chunk();
        chunk.putArray("choices").add(part);
        if (includeUsage) {
            chunk.putNull("usage");
        }
        write(chunk);
    }

    /** What all chunks have in common. */
    private ObjectNode chunk() {
        ObjectNode chunk = JsonNodeFactory.instance.objectNode();
        chunk.set("id", answer.get("id"));
        chunk.put("object", chat ? "chat.completion.chunk" : "text_completion");
        for (var field : answer.properties()) {
            if (!NOT_OF_CHUNKS.contains(field.getKey())) {
                chunk.set(field.getKey(), field.getValue());
            }
        }
        return chunk;
    }

    private void write(ObjectNode chunk) throws IOException {
        events.write(DATA);
        events.write(JSON.writeValueAsBytes(chunk));
        events.write(END);
    }
}

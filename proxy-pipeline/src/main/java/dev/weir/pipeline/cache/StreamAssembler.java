package dev.weir.pipeline.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts a stream of events in OpenAI's form together again: the answer that would have come without {@code stream}. Only a
 * whole stream gives one: every choice finished, the usage told, {@code [DONE]} seen, and nothing in it that cannot be put
 * together (calls of tools, log probabilities, errors). Bounded; runs on the event loop of its exchange. Borrows parts.
 */
final class StreamAssembler {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] DATA = "data:".getBytes(StandardCharsets.US_ASCII);
    private static final String DONE = "[DONE]";

    /** Of a chunk, of a choice, and choices: streams have a few. */
    private static final int MAX_FIELDS = 64;

    private final boolean chat;
    private final int maxBytes;
    private final ObjectNode answer = JsonNodeFactory.instance.objectNode();
    private final Map<Integer, Choice> choices = new TreeMap<>();
    private byte[] line = new byte[1024];
    private int lineLength;
    private int textLength;
    private @Nullable JsonNode usage;
    private boolean done;
    private boolean spoiled;

    /** One of the answers that were asked for. */
    private static final class Choice {
        private final ObjectNode rest = JsonNodeFactory.instance.objectNode();
        private final Map<String, StringBuilder> texts = new LinkedHashMap<>();
        private @Nullable JsonNode finishReason;
    }

    StreamAssembler(CacheableCall call, int maxBytes) {
        this.chat = call == CacheableCall.CHAT;
        this.maxBytes = maxBytes;
    }

    /** The next bytes of the stream. Moves no index. */
    void add(ByteBuf part) {
        int at = part.readerIndex();
        int end = part.writerIndex();
        while (at < end && !spoiled) {
            int newline = part.indexOf(at, end, (byte) '\n');
            int stop = newline < 0 ? end : newline;
            append(part, at, stop - at);
            if (newline >= 0) {
                readLine();
                lineLength = 0;
            }
            at = stop + 1;
        }
    }

    private void append(ByteBuf part, int from, int length) {
        if (length > maxBytes - lineLength) {
            spoiled = true;
            return;
        }
        if (lineLength + length > line.length) {
            line = Arrays.copyOf(line, Math.max(2 * line.length, lineLength + length));
        }
        part.getBytes(from, line, lineLength, length);
        lineLength += length;
    }

    private void readLine() {
        int end = lineLength > 0 && line[lineLength - 1] == '\r' ? lineLength - 1 : lineLength;
        if (spoiled || end < DATA.length || !Arrays.equals(line, 0, DATA.length, DATA, 0, DATA.length)) {
            return;
        }
        int start = DATA.length < end && line[DATA.length] == ' ' ? DATA.length + 1 : DATA.length;
        if (end - start == DONE.length()
                && DONE.equals(new String(line, start, end - start, StandardCharsets.US_ASCII))) {
            done = true;
            return;
        }
        try {
            spoiled = done || !(JSON.readTree(line, start, end - start) instanceof ObjectNode chunk) || !take(chunk);
        } catch (IOException notJson) {
            spoiled = true;
        }
    }

    private boolean take(ObjectNode chunk) {
        for (var field : chunk.properties()) {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "choices", "object", "obfuscation" -> {}
                case "usage" -> usage = value.isNull() ? usage : value;
                case "error" -> {
                    return false;
                }
                case "id", "created", "model" -> answer.putIfAbsent(field.getKey(), value);
                default -> answer.set(field.getKey(), value);
            }
        }
        for (JsonNode choice : chunk.path("choices")) {
            if (!take(choice, choices.computeIfAbsent(choice.path("index").asInt(), index -> new Choice()))) {
                return false;
            }
        }
        return answer.size() <= MAX_FIELDS && choices.size() <= MAX_FIELDS;
    }

    private boolean take(JsonNode part, Choice into) {
        for (var field : part.properties()) {
            JsonNode value = field.getValue();
            boolean taken = switch (field.getKey()) {
                case "index" -> true;
                case "delta" -> takeTexts(value, into);
                case "text" -> chat || takeText("text", value, into);
                case "logprobs" -> value.isNull();
                case "finish_reason" -> finish(value, into);
                default -> {
                    into.rest.set(field.getKey(), value);
                    yield true;
                }
            };
            if (!taken) {
                return false;
            }
        }
        return into.rest.size() + into.texts.size() <= MAX_FIELDS;
    }

    private static boolean finish(JsonNode reason, Choice choice) {
        choice.finishReason = reason.isNull() ? choice.finishReason : reason;
        return true;
    }

    private boolean takeTexts(JsonNode delta, Choice into) {
        for (var field : delta.properties()) {
            JsonNode value = field.getValue();
            boolean nothing = value.isNull() || (value.isArray() && value.isEmpty());
            if (!nothing && !field.getKey().equals("role") && !takeText(field.getKey(), value, into)) {
                return false;
            }
        }
        return true;
    }

    private boolean takeText(String name, JsonNode value, Choice into) {
        String text = value.textValue();
        if (text == null || text.length() > maxBytes - textLength) {
            return false;
        }
        textLength += text.length();
        into.texts.computeIfAbsent(name, key -> new StringBuilder()).append(text);
        return true;
    }

    /** The answer; null if the stream gave none that is whole. */
    byte @Nullable [] assembled() {
        if (spoiled || !done || usage == null || choices.isEmpty()) {
            return null;
        }
        answer.put("object", chat ? "chat.completion" : "text_completion");
        var list = answer.putArray("choices");
        choices.forEach((index, choice) -> {
            ObjectNode node = list.addObject().put("index", index);
            ObjectNode texts = node;
            if (chat) {
                texts = node.putObject("message").put("role", "assistant").put("content", "");
            }
            for (var text : choice.texts.entrySet()) {
                texts.put(text.getKey(), text.getValue().toString());
            }
            node.setAll(choice.rest);
            node.putNull("logprobs").set("finish_reason", choice.finishReason);
        });
        answer.set("usage", usage);
        try {
            return JSON.writeValueAsBytes(answer);
        } catch (IOException e) {
            throw new IllegalStateException("a tree of JSON can be written", e);
        }
    }
}

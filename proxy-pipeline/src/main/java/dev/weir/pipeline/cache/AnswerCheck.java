package dev.weir.pipeline.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/** Whether the body of an answer is whole, and one that would be given again. Stateless. */
final class AnswerCheck {
    private static final JsonFactory JSON = new JsonFactory();
    private static final ObjectMapper TREES = new ObjectMapper();

    private AnswerCheck() {}

    /** @param seeded whether the request had a seed, without which a call of a tool may be another one next time */
    static boolean isWhole(CacheableCall call, byte[] body, boolean seeded) {
        try {
            return switch (call) {
                case EMBEDDINGS -> holdsVectors(body, "data");
                case OLLAMA_EMBED -> holdsVectors(body, "embeddings");
                case OLLAMA_EMBEDDINGS -> holdsVectors(body, "embedding");
                case CHAT, COMPLETIONS -> isFinished(TREES.readTree(body), seeded);
            };
        } catch (IOException notJson) {
            return false;
        }
    }

    /** Whether there is a list called {@code name} with something in it, and no error. */
    private static boolean holdsVectors(byte[] body, String name) throws IOException {
        boolean found = false;
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
                JsonToken value = parser.nextToken();
                if (field.equals(name)) {
                    found = value == JsonToken.START_ARRAY && parser.nextToken() != JsonToken.END_ARRAY;
                    if (!found) {
                        return false;
                    }
                    skipRestOfArray(parser);
                } else if (field.equals("error") && value != JsonToken.VALUE_NULL) {
                    return false;
                } else {
                    parser.skipChildren();
                }
            }
            return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null && found;
        }
    }

    private static void skipRestOfArray(JsonParser parser) throws IOException {
        do {
            parser.skipChildren();
        } while (parser.nextToken() != JsonToken.END_ARRAY);
    }

    private static boolean isFinished(JsonNode answer, boolean seeded) {
        JsonNode choices = answer.path("choices");
        if (!choices.isArray() || choices.isEmpty() || answer.hasNonNull("error")) {
            return false;
        }
        for (JsonNode choice : choices) {
            JsonNode message = choice.path("message");
            boolean calls = !message.path("tool_calls").isEmpty() || message.hasNonNull("function_call");
            boolean finished = switch (choice.path("finish_reason").asText()) {
                case "stop" -> true;
                case "tool_calls", "function_call" -> seeded;
                default -> false;
            };
            if (!finished || (calls && !seeded)) {
                return false;
            }
        }
        return true;
    }
}

package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The {@code input} field of embedding requests. *Any thread.* */
final class Inputs {
    private static final int MOST = 2048;

    private Inputs() {}

    /** A text, texts, token numbers, or lists of token numbers; numbers stand for the words they spell. */
    static List<String> texts(JsonNode input) {
        List<String> texts = new ArrayList<>();
        if (input.isTextual()) {
            texts.add(input.textValue());
        } else if (input.path(0).isNumber()) {
            texts.add(spelled(input));
        } else {
            for (JsonNode item : input) {
                texts.add(item.isArray() ? spelled(item) : item.asText());
            }
        }
        if (texts.isEmpty()) {
            throw new SimError(400, "invalid input", "input", null);
        }
        if (texts.size() > MOST) {
            throw new SimError(400, "input: " + texts.size() + " items (expected: <= " + MOST + ")", "input", null);
        }
        return texts;
    }

    private static String spelled(JsonNode numbers) {
        StringBuilder words = new StringBuilder();
        numbers.forEach(number -> words.append(words.isEmpty() ? "" : " ").append(number.asText()));
        return words.toString();
    }

    static int tokens(List<String> texts) {
        return texts.stream().mapToInt(Tokens::count).sum();
    }
}

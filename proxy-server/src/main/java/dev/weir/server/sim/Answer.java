package dev.weir.server.sim;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the model will say. *Any thread.*
 *
 * @param model its name as the client wrote it, as servers echo it
 * @param tokens the text, or the arguments of the tool call, token by token
 * @param finish why it ends
 * @param promptTokens tokens of the request
 * @param toolCall the call made instead of text, or null
 */
record Answer(
        String model,
        List<String> tokens,
        Finish finish,
        int promptTokens,
        @Nullable ToolCall toolCall) {
    /** A call of one of the client's tools. */
    record ToolCall(String id, String name, ObjectNode arguments) {}

    /** Why an answer ends. */
    enum Finish {
        STOP("stop"),
        LENGTH("length"),
        TOOL_CALLS("tool_calls");

        private final String word;

        Finish(String word) {
            this.word = word;
        }

        /** OpenAI's word for it. */
        String word() {
            return word;
        }
    }

    Answer {
        tokens = List.copyOf(tokens);
    }

    String text() {
        return String.join("", tokens);
    }

    int completionTokens() {
        return tokens.size();
    }

    int totalTokens() {
        return promptTokens + tokens.size();
    }
}

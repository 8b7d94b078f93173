package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What a request says, whichever API it came by. *Any thread.* */
record Conversation(List<Message> messages) {
    /** One message; its text without pictures and other parts. */
    record Message(String role, String text) {}

    Conversation {
        messages = List.copyOf(messages);
    }

    static Conversation ofPrompt(String prompt) {
        return new Conversation(List.of(new Message("user", prompt)));
    }

    /**
     * Reads messages of OpenAI, Ollama, Anthropic or Responses shape.
     *
     * @param system what stands outside the list: a text, a list of parts, or missing
     */
    static Conversation of(JsonNode system, JsonNode messages) {
        List<Message> list = new ArrayList<>();
        String instructions = text(system);
        if (!instructions.isEmpty()) {
            list.add(new Message("system", instructions));
        }
        if (messages.isTextual()) {
            list.add(new Message("user", messages.textValue()));
        }
        for (JsonNode message : messages) {
            boolean toolResult =
                    message.path("content").path(0).path("type").asText().equals("tool_result")
                            || message.path("type").asText().equals("function_call_output");
            String role = toolResult ? "tool" : message.path("role").asText("user");
            list.add(new Message(role, text(message.path("content")) + text(message.path("output"))));
        }
        return new Conversation(list);
    }

    /** The text of a content field: itself, or its parts' texts one after the other. */
    static String text(JsonNode content) {
        if (content.isTextual()) {
            return content.textValue();
        }
        StringBuilder all = new StringBuilder();
        for (JsonNode part : content) {
            all.append(part.isTextual() ? part.textValue() : part.path("text").asText(""));
        }
        return all.toString();
    }

    String lastUserText() {
        for (int i = messages.size() - 1; i >= 0; i--) {
            if (messages.get(i).role().equals("user")) {
                return messages.get(i).text();
            }
        }
        return "";
    }

    boolean endsWithUser() {
        return !messages.isEmpty() && messages.get(messages.size() - 1).role().equals("user");
    }

    int promptTokens() {
        return messages.stream()
                .mapToInt(message -> Tokens.count(message.text()))
                .sum();
    }
}

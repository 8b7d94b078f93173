package dev.weir.pipeline.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.pipeline.audit.AuditEntry.Body;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was said in a conversation, put together from the bodies that are kept. Clients send what was said before with every
 * request: what is known already is not repeated. Of a body that was cut there is nothing, but for streams, of which the
 * beginning can be read. Understands OpenAI's, Anthropic's and Ollama's formats.
 */
public final class Transcript {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DATA = "data:";

    private final List<Message> messages = new ArrayList<>();

    /**
     * One thing that was said.
     *
     * @param requestId the request it first came with
     */
    public record Message(String role, String content, String requestId, long timeMillis) {}

    private Transcript() {}

    /** What is said in {@code entries}, the oldest first. */
    public static List<Message> of(List<AuditEntry> entries) {
        Transcript transcript = new Transcript();
        entries.forEach(transcript::add);
        return transcript.messages;
    }

    private void add(AuditEntry entry) {
        List<Message> asked = question(entry);
        int known = knownOf(asked);
        messages.addAll(asked.subList(known, asked.size()));
        String answer = answer(entry.response());
        if (!answer.isEmpty()) {
            messages.add(new Message("assistant", answer, entry.requestId(), entry.timeMillis()));
        }
    }

    /** How many of the first messages of a request have been said before, in this order. */
    private int knownOf(List<Message> asked) {
        int known = 0;
        for (Message message : messages) {
            if (known < asked.size() && isSame(message, asked.get(known))) {
                known++;
            }
        }
        return known;
    }

    private static boolean isSame(Message one, Message other) {
        return one.role().equals(other.role())
                && one.content().strip().equals(other.content().strip());
    }

    private static List<Message> question(AuditEntry entry) {
        List<Message> asked = new ArrayList<>();
        JsonNode body = json(entry.request() == null ? "" : entry.request().text());
        if (body == null) {
            return asked;
        }
        add(asked, "system", body.path(body.has("instructions") ? "instructions" : "system"), entry);
        for (JsonNode message : body.path("messages")) {
            add(asked, message.path("role").asText("user"), message.path("content"), entry);
        }
        JsonNode input = body.path("input");
        if (input.isArray()) {
            for (JsonNode message : input) {
                add(asked, message.path("role").asText("user"), message.path("content"), entry);
            }
        }
        add(asked, "user", input.isTextual() ? input : body.path("prompt"), entry);
        return asked;
    }

    private static void add(List<Message> messages, String role, JsonNode content, AuditEntry entry) {
        String text = text(content);
        if (!text.isEmpty()) {
            messages.add(new Message(role, text, entry.requestId(), entry.timeMillis()));
        }
    }

    /** A text, or the texts of its parts. */
    private static String text(JsonNode content) {
        if (!content.isArray()) {
            return content.isTextual() ? content.asText() : "";
        }
        StringBuilder all = new StringBuilder();
        for (JsonNode part : content) {
            all.append(part.isTextual() ? part.asText() : part.path("text").asText(""));
        }
        return all.toString();
    }

    private static String answer(@Nullable Body body) {
        if (body == null) {
            return "";
        }
        JsonNode whole = json(body.text());
        if (whole != null) {
            return said(whole);
        }
        StringBuilder all = new StringBuilder();
        for (String line : body.text().split("\n", -1)) {
            JsonNode part = json(line.startsWith(DATA) ? line.substring(DATA.length()) : line);
            if (part != null) {
                all.append(said(part));
            }
        }
        return all.toString();
    }

    /** What one answer, or one part of a stream, says. */
    private static String said(JsonNode part) {
        JsonNode choice = part.path("choices").path(0);
        StringBuilder all = new StringBuilder();
        for (JsonNode content : List.of(
                choice.at("/message/content"),
                choice.at("/delta/content"),
                choice.path("text"),
                part.at("/message/content"),
                part.path("response"),
                part.path("content"),
                part.at("/delta/text"))) {
            all.append(text(content));
        }
        if (part.path("type").asText().equals("response.output_text.delta")) {
            all.append(text(part.path("delta")));
        }
        for (JsonNode output : part.path("output")) {
            all.append(text(output.path("content")));
        }
        return all.toString();
    }

    private static @Nullable JsonNode json(String text) {
        String trimmed = text.strip();
        if (!trimmed.startsWith("{")) {
            return null;
        }
        try {
            return JSON.readTree(trimmed);
        } catch (JsonProcessingException broken) {
            return null;
        }
    }
}

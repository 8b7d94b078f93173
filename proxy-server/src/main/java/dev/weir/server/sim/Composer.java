package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.server.sim.Answer.Finish;
import dev.weir.server.sim.Answer.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Decides what a model answers: a tool call, JSON, or prose, within the client's limits. *Any thread.* */
final class Composer {
    private static final int LONGEST_ANSWER = 100_000;
    private static final int LONGEST_ECHO = 80;

    /**
     * What the client allows.
     *
     * @param maxTokens most tokens of the answer; 0 for the server's own limit
     * @param stops texts before which the answer ends
     * @param ignoreEnd whether to go on to the maximum (vLLM's {@code ignore_eos})
     * @param tools tools offered, in OpenAI's or Anthropic's shape
     * @param schema the JSON Schema to answer by, an empty object for any JSON, missing for text
     */
    record Limits(int maxTokens, List<String> stops, boolean ignoreEnd, JsonNode tools, JsonNode schema) {
        static final Limits NONE =
                new Limits(0, List.of(), false, MissingNode.getInstance(), MissingNode.getInstance());

        Limits {
            stops = List.copyOf(stops);
        }

        /** A field that holds a text or a list of texts. */
        static List<String> stops(JsonNode field) {
            List<String> stops = new ArrayList<>();
            if (field.isTextual()) {
                stops.add(field.textValue());
            }
            field.forEach(stop -> stops.add(stop.asText()));
            stops.removeIf(String::isEmpty);
            return stops;
        }
    }

    private final SimOptions options;
    private final Prose prose;

    Composer(SimOptions options) {
        this.options = options;
        this.prose = new Prose(options.seed());
    }

    /** @param requested the model's name as the client wrote it */
    Answer answer(String requested, SimModel model, Conversation conversation, Limits limits) {
        int promptTokens = conversation.promptTokens();
        String prompt = conversation.lastUserText();
        ToolCall call = conversation.endsWithUser() ? toolCall(limits.tools(), prompt) : null;
        if (call != null) {
            List<String> fragments = Tokens.split(Json.text(call.arguments()));
            return new Answer(requested, fragments, Finish.TOOL_CALLS, promptTokens, call);
        }
        int most = Math.min(limits.maxTokens() > 0 ? limits.maxTokens() : options.maxTokensDefault(), LONGEST_ANSWER);
        List<String> tokens;
        if (!limits.schema().isMissingNode()) {
            tokens = json(limits.schema(), prompt);
        } else if (limits.ignoreEnd() && most > 0) {
            tokens = prose.answerOf(most, model, prompt);
        } else {
            tokens = prose.answer(model, prompt);
        }
        List<String> allowed = upToStop(tokens, limits.stops());
        boolean cut = most > 0 && (allowed.size() > most || (limits.ignoreEnd() && allowed.size() == most));
        return new Answer(
                requested,
                cut ? allowed.subList(0, most) : allowed,
                cut ? Finish.LENGTH : Finish.STOP,
                promptTokens,
                null);
    }

    private static List<String> json(JsonNode schema, String prompt) {
        String topic = Prose.topic(prompt);
        ObjectNode instance = SchemaInstance.object(schema, topic);
        return Tokens.split(Json.text(instance.isEmpty() ? instance.put("answer", topic) : instance));
    }

    private static @Nullable ToolCall toolCall(JsonNode tools, String prompt) {
        String said = prompt.toLowerCase(Locale.ROOT);
        for (JsonNode tool : tools) {
            JsonNode function = tool.has("function") ? tool.path("function") : tool;
            String name = function.path("name").asText();
            if (!name.isEmpty() && said.contains(name.toLowerCase(Locale.ROOT))) {
                JsonNode schema =
                        function.has("parameters") ? function.path("parameters") : function.path("input_schema");
                String echo = prompt.substring(0, Math.min(prompt.length(), LONGEST_ECHO));
                return new ToolCall(Ids.next("call_"), name, SchemaInstance.object(schema, echo));
            }
        }
        return null;
    }

    private static List<String> upToStop(List<String> tokens, List<String> stops) {
        String text = String.join("", tokens);
        int end = stops.stream()
                .mapToInt(text::indexOf)
                .filter(at -> at >= 0)
                .min()
                .orElse(text.length());
        return end == text.length() ? tokens : Tokens.split(text.substring(0, end));
    }
}

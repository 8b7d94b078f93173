package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.GatewayException;

/** OpenAI's requests in Ollama's own words (docs/api.md). */
final class OllamaRequests {
    private static final String[] OPTIONS = {"temperature", "top_p", "seed", "presence_penalty", "frequency_penalty"};

    private OllamaRequests() {}

    static ObjectNode of(Translation.Call call, ObjectNode asked, Refusals refusals) throws GatewayException {
        return switch (call) {
            case OPENAI_CHAT -> chat(asked, refusals);
            case OPENAI_COMPLETION -> completion(asked, refusals);
            default -> embeddings(asked, refusals);
        };
    }

    private static ObjectNode chat(ObjectNode asked, Refusals refusals) throws GatewayException {
        refusals.refuse("tools", "functions", "reasoning_effort", "logprobs", "audio");
        ObjectNode told = common(asked, refusals);
        String format = asked.at("/response_format/type").asText("text");
        if (format.equals("json_object")) {
            told.put("format", "json");
        } else if (!format.equals("text")) {
            throw refusals.refusal("response_format");
        }
        ArrayNode messages = told.putArray("messages");
        for (JsonNode message : asked.path("messages")) {
            refusals.refuse(message.path("tool_calls"), "tool_calls");
            messages.addObject()
                    .put("role", role(message.path("role").asText("user"), refusals))
                    .put("content", text(message.path("content"), refusals));
        }
        return told;
    }

    private static String role(String role, Refusals refusals) throws GatewayException {
        if (role.equals("tool") || role.equals("function")) {
            throw refusals.refusal("tools");
        }
        return role.equals("developer") ? "system" : role;
    }

    /** A message's text; of parts those that are text. */
    private static String text(JsonNode content, Refusals refusals) throws GatewayException {
        if (!content.isArray()) {
            return content.asText("");
        }
        StringBuilder text = new StringBuilder();
        for (JsonNode part : content) {
            String type = part.path("type").asText("");
            if (!type.equals("text")) {
                throw refusals.refusal(type.isEmpty() ? "content" : type);
            }
            text.append(part.path("text").asText(""));
        }
        return text.toString();
    }

    private static ObjectNode completion(ObjectNode asked, Refusals refusals) throws GatewayException {
        refusals.refuse("suffix", "logprobs", "echo");
        ObjectNode told = common(asked, refusals);
        JsonNode prompt = asked.path("prompt");
        JsonNode only = prompt.isArray() && prompt.size() == 1 ? prompt.get(0) : prompt;
        if (!only.isTextual()) {
            throw refusals.refusal("prompt");
        }
        return told.put("prompt", only.textValue());
    }

    private static ObjectNode common(ObjectNode asked, Refusals refusals) throws GatewayException {
        if (asked.path("n").asInt(1) > 1) {
            throw refusals.refusal("n");
        }
        ObjectNode told = Json.object().put("stream", asked.path("stream").asBoolean());
        ObjectNode options = told.putObject("options");
        for (String name : OPTIONS) {
            if (asked.hasNonNull(name)) {
                options.set(name, asked.get(name));
            }
        }
        for (String name : new String[] {"max_tokens", "max_completion_tokens"}) {
            if (asked.hasNonNull(name)) {
                options.set("num_predict", asked.get(name));
            }
        }
        JsonNode stop = asked.path("stop");
        if (stop.isTextual()) {
            options.putArray("stop").add(stop);
        } else if (stop.isArray()) {
            options.set("stop", stop);
        }
        return told;
    }

    private static ObjectNode embeddings(ObjectNode asked, Refusals refusals) throws GatewayException {
        JsonNode input = asked.path("input");
        if (!input.isTextual() && !(input.isArray() && input.path(0).isTextual())) {
            throw refusals.refusal("input");
        }
        ObjectNode told = Json.object();
        told.set("input", input);
        if (asked.hasNonNull("dimensions")) {
            told.set("dimensions", asked.get("dimensions"));
        }
        return told;
    }
}

package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.GatewayException;

/** Ollama's requests (docs/api.md) in OpenAI's words. What only concerns how Ollama runs a model is left out. */
final class OpenAiRequests {
    private OpenAiRequests() {}

    static ObjectNode of(Translation.Call call, ObjectNode asked, Refusals refusals) throws GatewayException {
        return switch (call) {
            case OLLAMA_CHAT -> chat(asked, refusals);
            case OLLAMA_GENERATE -> generate(asked, refusals);
            case OLLAMA_EMBED -> embed(asked.path("input"), asked);
            default -> embed(asked.path("prompt"), asked);
        };
    }

    private static ObjectNode chat(ObjectNode asked, Refusals refusals) throws GatewayException {
        refusals.refuse("tools", "format", "think");
        ObjectNode told = common(asked);
        ArrayNode messages = told.putArray("messages");
        for (JsonNode message : asked.path("messages")) {
            for (String name : new String[] {"images", "tool_calls", "tool_name"}) {
                refusals.refuse(message.path(name), name);
            }
            messages.addObject()
                    .put("role", message.path("role").asText("user"))
                    .put("content", message.path("content").asText(""));
        }
        return told;
    }

    private static ObjectNode generate(ObjectNode asked, Refusals refusals) throws GatewayException {
        refusals.refuse("images", "format", "think", "suffix", "template", "context", "raw");
        ObjectNode told = common(asked);
        ArrayNode messages = told.putArray("messages");
        String system = asked.path("system").asText("");
        if (!system.isEmpty()) {
            messages.addObject().put("role", "system").put("content", system);
        }
        messages.addObject()
                .put("role", "user")
                .put("content", asked.path("prompt").asText(""));
        return told;
    }

    private static ObjectNode common(ObjectNode asked) {
        ObjectNode told = Json.object();
        if (asked.path("stream").asBoolean(true)) {
            told.put("stream", true).putObject("stream_options").put("include_usage", true);
        }
        JsonNode options = asked.path("options");
        for (String name :
                new String[] {"temperature", "top_p", "seed", "stop", "presence_penalty", "frequency_penalty"}) {
            if (options.hasNonNull(name)) {
                told.set(name, options.get(name));
            }
        }
        // Ollama takes -1 and -2 for no limit.
        if (options.path("num_predict").asInt(0) > 0) {
            told.set("max_tokens", options.get("num_predict"));
        }
        return told;
    }

    private static ObjectNode embed(JsonNode input, ObjectNode asked) {
        ObjectNode told = Json.object();
        told.set("input", input);
        if (asked.hasNonNull("dimensions")) {
            told.set("dimensions", asked.get("dimensions"));
        }
        return told.put("encoding_format", "float");
    }
}

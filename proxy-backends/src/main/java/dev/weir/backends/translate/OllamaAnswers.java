package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/** OpenAI's answers in Ollama's words (docs/api.md). */
final class OllamaAnswers {
    private OllamaAnswers() {}

    /** What every object of an answer says, and its text. */
    static ObjectNode line(boolean chat, String model, String text) {
        ObjectNode line = Json.object()
                .put("model", model)
                .put("created_at", Instant.now().toString());
        if (chat) {
            line.putObject("message").put("role", "assistant").put("content", text);
        } else {
            line.put("response", text);
        }
        return line;
    }

    /** Adds what the last object of an answer says. */
    static ObjectNode finished(ObjectNode last, String finish, JsonNode usage, long sinceNanos) {
        long took = System.nanoTime() - sinceNanos;
        return last.put("done", true)
                .put("done_reason", finish.equals("length") ? "length" : "stop")
                .put("total_duration", took)
                .put("load_duration", 0)
                .put("prompt_eval_count", usage.path("prompt_tokens").asLong())
                .put("prompt_eval_duration", 0)
                .put("eval_count", usage.path("completion_tokens").asLong())
                .put("eval_duration", took);
    }

    static ObjectNode whole(JsonNode said, boolean chat, String model, long sinceNanos) {
        JsonNode choice = said.path("choices").path(0);
        JsonNode content = choice.at("/message/content");
        String text = content.isNull() ? "" : content.asText("");
        return finished(
                line(chat, model, text), choice.path("finish_reason").asText("stop"), said.path("usage"), sinceNanos);
    }

    static ObjectNode embed(JsonNode said, String model, long sinceNanos) {
        ObjectNode told = Json.object().put("model", model);
        ArrayNode vectors = told.putArray("embeddings");
        for (JsonNode item : said.path("data")) {
            vectors.add(item.path("embedding"));
        }
        return told.put("total_duration", System.nanoTime() - sinceNanos)
                .put("load_duration", 0)
                .put("prompt_eval_count", said.at("/usage/prompt_tokens").asLong());
    }

    /** The older form, of one text. */
    static ObjectNode embeddings(JsonNode said) {
        ObjectNode told = Json.object();
        told.set("embedding", said.at("/data/0/embedding"));
        return told;
    }
}

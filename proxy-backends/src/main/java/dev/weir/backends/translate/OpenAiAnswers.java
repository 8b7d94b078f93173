package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;

/** Ollama's answers in OpenAI's words. */
final class OpenAiAnswers {
    private OpenAiAnswers() {}

    /** What every object of an answer says. */
    static ObjectNode head(String object, boolean chat, String model) {
        String id = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
        return Json.object()
                .put("id", (chat ? "chatcmpl-" : "cmpl-") + id)
                .put("object", object)
                .put("created", System.currentTimeMillis() / 1000)
                .put("model", model);
    }

    static String finish(JsonNode last) {
        return last.path("done_reason").asText("stop").equals("length") ? "length" : "stop";
    }

    /** Ollama leaves out a count of nothing. */
    static ObjectNode usage(JsonNode last) {
        long prompt = last.path("prompt_eval_count").asLong();
        long completion = last.path("eval_count").asLong();
        return Json.object()
                .put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion);
    }

    static ObjectNode whole(JsonNode said, boolean chat, String model) {
        ObjectNode told = head(chat ? "chat.completion" : "text_completion", chat, model);
        ObjectNode choice = told.putArray("choices").addObject().put("index", 0);
        if (chat) {
            choice.putObject("message")
                    .put("role", "assistant")
                    .put("content", said.at("/message/content").asText(""));
        } else {
            choice.put("text", said.path("response").asText(""));
        }
        choice.putNull("logprobs").put("finish_reason", finish(said));
        return told.set("usage", usage(said));
    }

    static ObjectNode embeddings(JsonNode said, String model, boolean base64) {
        ObjectNode told = Json.object().put("object", "list");
        ArrayNode data = told.putArray("data");
        for (JsonNode vector : said.path("embeddings")) {
            ObjectNode item = data.addObject().put("object", "embedding").put("index", data.size() - 1);
            if (base64) {
                item.put("embedding", base64(vector));
            } else {
                item.set("embedding", vector);
            }
        }
        long tokens = said.path("prompt_eval_count").asLong();
        told.put("model", model).putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
        return told;
    }

    /** Little-endian floats, as OpenAI's clients ask for them. */
    private static String base64(JsonNode vector) {
        ByteBuffer floats = ByteBuffer.allocate(4 * vector.size()).order(ByteOrder.LITTLE_ENDIAN);
        vector.forEach(value -> floats.putFloat((float) value.asDouble()));
        return Base64.getEncoder().encodeToString(floats.array());
    }
}

package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Ollama's native API that runs models (docs/api.md): chat, generate and embeddings. *Any thread.* */
final class OllamaApi {
    private final Engine engine;
    private final Composer composer;

    OllamaApi(Engine engine, Composer composer) {
        this.engine = engine;
        this.composer = composer;
    }

    void register(Router router) {
        router.on("POST", "/api/chat", this::chat);
        router.on("POST", "/api/generate", this::generate);
        router.on("POST", "/api/embed", this::embed);
        router.on("POST", "/api/embeddings", this::embeddings);
    }

    private void chat(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        Conversation conversation = Conversation.of(MissingNode.getInstance(), body.path("messages"));
        answer(exchange, body, conversation, true);
    }

    private void generate(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        String prompt = body.path("prompt").asText("");
        List<Conversation.Message> messages = new ArrayList<>();
        if (!prompt.isEmpty()) {
            String system = body.path("system").asText("");
            if (!system.isEmpty()) {
                messages.add(new Conversation.Message("system", system));
            }
            messages.add(new Conversation.Message("user", prompt));
        }
        answer(exchange, body, new Conversation(messages), false);
    }

    private void answer(Exchange exchange, ObjectNode body, Conversation conversation, boolean chat) {
        SimModel model = engine.model(body.path("model"));
        Slot.Wish wish = wish(body);
        String requested = body.path("model").asText();
        if (conversation.messages().isEmpty()) {
            load(exchange, model, wish, requested, chat);
            return;
        }
        if (model.embedding()) {
            String verb = chat ? "chat" : "generate";
            throw new SimError(400, "\"" + requested + "\" does not support " + verb);
        }
        Answer answer = composer.answer(requested, model, conversation, limits(body, chat));
        OllamaFormat format = new OllamaFormat(exchange.alloc(), answer, chat);
        engine.generate(
                exchange, model, wish, answer, format, body.path("stream").asBoolean(true));
    }

    /** A request without a prompt loads the model, or unloads it with {@code keep_alive: 0}. */
    private void load(Exchange exchange, SimModel model, Slot.Wish wish, String requested, boolean chat) {
        ObjectNode done = Json.object().put("model", requested).put("created_at", OllamaFormat.now());
        if (chat) {
            done.putObject("message").put("role", "assistant").put("content", "");
        } else {
            done.put("response", "");
        }
        done.put("done", true);
        if (wish.keepAliveNanos() == 0) {
            engine.shelf().unload(model);
            exchange.reply(200, done.put("done_reason", "unload"));
            return;
        }
        engine.whenReady(
                exchange,
                model,
                wish,
                readyNanos -> exchange.at(readyNanos, () -> exchange.reply(200, done.put("done_reason", "load"))));
    }

    private void embed(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.model(body.path("model"));
        List<String> inputs = Inputs.texts(body.path("input"));
        int dimensions = body.path("dimensions").asInt(0);
        engine.compute(
                exchange,
                model,
                wish(body),
                timing -> Json.bytes(json -> {
                    json.writeStartObject();
                    json.writeStringField("model", body.path("model").asText());
                    json.writeArrayFieldStart("embeddings");
                    for (String input : inputs) {
                        float[] vector = Embedder.embed(input, model.dimensions(), dimensions);
                        json.writeStartArray(vector, vector.length);
                        for (float value : vector) {
                            json.writeNumber(value);
                        }
                        json.writeEndArray();
                    }
                    json.writeEndArray();
                    json.writeNumberField("total_duration", timing.totalNanos());
                    json.writeNumberField("load_duration", timing.loadNanos());
                    json.writeNumberField("prompt_eval_count", Inputs.tokens(inputs));
                    json.writeEndObject();
                }));
    }

    private void embeddings(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.model(body.path("model"));
        String prompt = body.path("prompt").asText("");
        engine.compute(
                exchange,
                model,
                wish(body),
                timing -> Json.bytes(json -> {
                    json.writeStartObject();
                    json.writeFieldName("embedding");
                    // An empty prompt gives an empty vector.
                    Embedder.write(
                            prompt.isEmpty() ? new float[0] : Embedder.embed(prompt, model.dimensions(), 0), json);
                    json.writeEndObject();
                }));
    }

    private static Composer.Limits limits(ObjectNode body, boolean chat) {
        JsonNode options = body.path("options");
        JsonNode format = body.path("format");
        JsonNode schema = format.isObject() ? format : MissingNode.getInstance();
        if (format.asText().equals("json")) {
            schema = Json.object();
        }
        return new Composer.Limits(
                Math.max(0, options.path("num_predict").asInt(0)),
                Composer.Limits.stops(options.path("stop")),
                false,
                chat ? body.path("tools") : MissingNode.getInstance(),
                schema);
    }

    private static Slot.Wish wish(ObjectNode body) {
        return new Slot.Wish(
                keepAliveNanos(body.path("keep_alive")),
                Math.max(0, body.path("options").path("num_ctx").asInt(0)));
    }

    /** A Go duration or a number of seconds; negative is for ever. */
    private static long keepAliveNanos(JsonNode keepAlive) {
        if (keepAlive.isNumber()) {
            return Math.round(keepAlive.asDouble() * 1e9);
        }
        if (!keepAlive.isTextual()) {
            return Slot.Wish.DEFAULT_KEEP_ALIVE_NANOS;
        }
        try {
            Duration duration = GoDuration.parse(keepAlive.textValue());
            return duration.toNanos();
        } catch (IllegalArgumentException e) {
            throw new SimError(400, "time: invalid duration \"" + keepAlive.textValue() + "\"");
        }
    }
}

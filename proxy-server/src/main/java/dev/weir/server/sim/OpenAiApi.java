package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;

/** OpenAI's API on {@code /v1}: chat, completions, embeddings and models; with Ollama's ways on an Ollama. *Any thread.* */
final class OpenAiApi {
    private static final String MODELS = "/v1/models/";

    private final SimKind kind;
    private final Engine engine;
    private final Composer composer;

    OpenAiApi(Engine engine, Composer composer) {
        this.kind = engine.options().kind();
        this.engine = engine;
        this.composer = composer;
    }

    void register(Router router) {
        router.on("POST", "/v1/chat/completions", this::chat);
        router.on("POST", "/v1/completions", this::completions);
        router.on("POST", "/v1/embeddings", this::embeddings);
        router.on("GET", "/v1/models", this::models);
        router.on("GET", MODELS + "*", this::model);
    }

    private void chat(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.languageModel(body.path("model"));
        if (!body.path("messages").isArray() || body.path("messages").isEmpty()) {
            throw new SimError(400, "[] is too short - 'messages'", "messages", null);
        }
        Conversation conversation = Conversation.of(MissingNode.getInstance(), body.path("messages"));
        Answer answer = composer.answer(body.path("model").asText(), model, conversation, limits(body));
        StreamFormat format = kind == SimKind.OLLAMA
                ? new OllamaV1ChatFormat(exchange.alloc(), answer, includeUsage(body))
                : new OpenAiChatFormat(exchange.alloc(), answer, includeUsage(body));
        engine.generate(
                exchange,
                model,
                Slot.Wish.NONE,
                answer,
                format,
                body.path("stream").asBoolean());
    }

    private void completions(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.languageModel(body.path("model"));
        JsonNode prompt = body.path("prompt");
        if (kind == SimKind.OLLAMA && !prompt.isTextual()) {
            throw new SimError(400, "prompt: only a string is supported", "prompt", null);
        }
        Conversation conversation = Conversation.ofPrompt(Inputs.texts(prompt).get(0));
        Answer answer = composer.answer(body.path("model").asText(), model, conversation, limits(body));
        StreamFormat format = new CompletionFormat(kind, exchange.alloc(), answer, includeUsage(body));
        engine.generate(
                exchange,
                model,
                Slot.Wish.NONE,
                answer,
                format,
                body.path("stream").asBoolean());
    }

    private void embeddings(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.model(body.path("model"));
        String encoding = body.path("encoding_format").asText("float").toLowerCase(Locale.ROOT);
        if (!encoding.equals("float") && !encoding.equals("base64")) {
            throw new SimError(
                    400,
                    "Invalid value for 'encoding_format' = " + encoding + ". Supported values: ['float', 'base64'].",
                    "encoding_format",
                    null);
        }
        List<String> inputs = Inputs.texts(body.path("input"));
        int dimensions = body.path("dimensions").asInt(0);
        engine.compute(
                exchange,
                model,
                Slot.Wish.NONE,
                timing -> Json.bytes(json -> {
                    json.writeStartObject();
                    json.writeStringField("object", "list");
                    json.writeArrayFieldStart("data");
                    for (int i = 0; i < inputs.size(); i++) {
                        float[] vector = Embedder.embed(inputs.get(i), model.dimensions(), dimensions);
                        json.writeStartObject();
                        json.writeStringField("object", "embedding");
                        if (kind == SimKind.OPENAI) {
                            json.writeNumberField("index", i);
                        }
                        json.writeFieldName("embedding");
                        if (encoding.equals("base64")) {
                            json.writeString(Embedder.base64(vector));
                        } else {
                            json.writeStartArray(vector, vector.length);
                            for (float value : vector) {
                                json.writeNumber(value);
                            }
                            json.writeEndArray();
                        }
                        if (kind == SimKind.OLLAMA) {
                            json.writeNumberField("index", i);
                        }
                        json.writeEndObject();
                    }
                    json.writeEndArray();
                    json.writeStringField("model", body.path("model").asText());
                    int tokens = Inputs.tokens(inputs);
                    json.writeObjectFieldStart("usage");
                    json.writeNumberField("prompt_tokens", tokens);
                    json.writeNumberField("total_tokens", tokens);
                    json.writeEndObject();
                    json.writeEndObject();
                }));
    }

    private void models(Exchange exchange) {
        ObjectNode body = Json.object().put("object", "list");
        ArrayNode data = body.putArray("data");
        engine.shelf().models().forEach(model -> data.add(entry(model.name(), model)));
        exchange.reply(200, body);
    }

    private void model(Exchange exchange) {
        String id = exchange.path().substring(MODELS.length());
        SimModel model = engine.shelf().find(id);
        if (model == null) {
            throw SimError.modelNotFound(kind, id);
        }
        exchange.reply(200, entry(id, model));
    }

    private ObjectNode entry(String id, SimModel model) {
        return Json.object()
                .put("id", id)
                .put("object", "model")
                .put("created", model.modifiedAt().getEpochSecond())
                .put("owned_by", kind == SimKind.OLLAMA ? "library" : "weir-sim");
    }

    private static boolean includeUsage(ObjectNode body) {
        return body.path("stream_options").path("include_usage").asBoolean();
    }

    private Composer.Limits limits(ObjectNode body) {
        int maxTokens = body.path("max_tokens").asInt(0);
        // Ollama's request type has no max_completion_tokens (openai/openai.go).
        if (kind == SimKind.OPENAI) {
            maxTokens = body.path("max_completion_tokens").asInt(maxTokens);
        }
        JsonNode format = body.path("response_format");
        JsonNode schema = switch (format.path("type").asText()) {
            case "json_object" -> Json.object();
            case "json_schema" -> format.path("json_schema").path("schema");
            default -> MissingNode.getInstance();
        };
        return new Composer.Limits(
                Math.max(0, maxTokens),
                Composer.Limits.stops(body.path("stop")),
                kind == SimKind.OPENAI && body.path("ignore_eos").asBoolean(),
                body.path("tools"),
                schema);
    }
}

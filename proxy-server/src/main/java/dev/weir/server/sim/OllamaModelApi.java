package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;

/** Ollama's native API about models (docs/api.md): what there is, what is loaded, pull, copy, delete. *Any thread.* */
final class OllamaModelApi {
    private static final byte[] RUNNING = "Ollama is running".getBytes(StandardCharsets.UTF_8);
    private static final byte[] NOTHING = {};

    private final Engine engine;

    OllamaModelApi(Engine engine) {
        this.engine = engine;
    }

    void register(Router router) {
        router.on("GET|HEAD", "/", exchange -> exchange.reply(200, "text/plain; charset=utf-8", RUNNING));
        router.on(
                "GET|HEAD",
                "/api/version",
                exchange -> exchange.reply(200, Json.object().put("version", "0.12.6")));
        router.on("GET|HEAD", "/api/tags", this::tags);
        router.on("GET", "/api/ps", this::ps);
        router.on("POST", "/api/show", this::show);
        router.on("POST", "/api/pull", this::pull);
        router.on("POST", "/api/copy", this::copy);
        router.on("DELETE", "/api/delete", this::delete);
    }

    private void tags(Exchange exchange) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("models");
        for (SimModel model : engine.shelf().models()) {
            ObjectNode entry = list.addObject().put("name", model.name()).put("model", model.name());
            entry.put("modified_at", model.modifiedAt().toString())
                    .put("size", model.sizeBytes())
                    .put("digest", model.digest());
            entry.set("details", details(model));
            addCapabilities(entry, model);
        }
        exchange.reply(200, body);
    }

    private void ps(Exchange exchange) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("models");
        for (ModelShelf.LoadedModel loaded : engine.shelf().loadedModels()) {
            SimModel model = loaded.model();
            // Weights and the context's key-value cache.
            long size = model.sizeBytes() + loaded.contextLength() * 131_072L;
            ObjectNode entry = list.addObject().put("name", model.name()).put("model", model.name());
            entry.put("size", size).put("digest", model.digest()).set("details", details(model));
            entry.put("expires_at", loaded.expiresAt().toString())
                    .put("size_vram", size)
                    .put("context_length", loaded.contextLength());
        }
        exchange.reply(200, body);
    }

    private void show(Exchange exchange) {
        SimModel model = engine.model(name(exchange.jsonBody()));
        ObjectNode body = Json.object()
                .put("license", "Apache License Version 2.0")
                .put("modelfile", "FROM " + model.name() + "\nTEMPLATE \"{{ .Prompt }}\"\n")
                .put("parameters", "stop                           \"<|im_end|>\"")
                .put("template", "{{ .Prompt }}");
        body.set("details", details(model));
        body.putObject("model_info")
                .put("general.architecture", model.family())
                .put("general.parameter_count", model.parameters())
                .put(model.family() + ".context_length", model.contextLength())
                .put(model.family() + ".embedding_length", model.dimensions());
        addCapabilities(body, model);
        exchange.reply(200, body.put("modified_at", model.modifiedAt().toString()));
    }

    private void pull(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        JsonNode name = name(body);
        if (!name.isTextual() || name.textValue().isBlank()) {
            throw SimError.missing("model");
        }
        PullFormat format = new PullFormat(SimModel.named(name.textValue()), engine.shelf());
        if (body.path("stream").asBoolean(true)) {
            long now = System.nanoTime();
            double pace = TokenStream.nanosPerToken(engine.options().tokensPerSecond());
            new TokenStream(exchange, format, format.steps(), false, now, now, pace).start();
        } else {
            exchange.reply(200, format.whole(new Timing(0, 0, 0, 0)));
        }
    }

    private void copy(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        String destination = body.path("destination").asText("");
        SimModel source = engine.model(body.path("source"));
        if (destination.isBlank()) {
            throw SimError.missing("destination");
        }
        engine.shelf().copy(source, destination);
        exchange.reply(200, "", NOTHING);
    }

    private void delete(Exchange exchange) {
        JsonNode name = name(exchange.jsonBody());
        SimModel model = engine.shelf().find(name.asText());
        if (model == null) {
            throw new SimError(404, "model '" + name.asText() + "' not found");
        }
        engine.shelf().delete(model);
        exchange.reply(200, "", NOTHING);
    }

    /** The field was once called {@code name}, and still may be. */
    private static JsonNode name(ObjectNode body) {
        return body.path("model").asText().isEmpty() ? body.path("name") : body.path("model");
    }

    private static ObjectNode details(SimModel model) {
        ObjectNode details =
                Json.object().put("parent_model", "").put("format", "gguf").put("family", model.family());
        details.putArray("families").add(model.family());
        return details.put("parameter_size", model.parameterSize()).put("quantization_level", model.quantization());
    }

    private static void addCapabilities(ObjectNode entry, SimModel model) {
        ArrayNode capabilities = entry.putArray("capabilities");
        model.capabilities().forEach(capabilities::add);
    }
}

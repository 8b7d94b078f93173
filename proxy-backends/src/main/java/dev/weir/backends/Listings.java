package dev.weir.backends;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads what backends say of themselves: {@code /api/version}, {@code /api/tags} and {@code /api/ps} of Ollama, {@code
 * /v1/models}. Names too long or with control characters are left out, as is everything beyond a bound. Any thread.
 */
final class Listings {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_MODELS = 5_000;

    private Listings() {}

    /** The version in an answer of Ollama, or the empty string. */
    static String version(byte[] json) {
        JsonNode document = parse(json);
        String version = document == null ? "" : document.path("version").asText("");
        return isName(version) ? version : "";
    }

    /**
     * Models that a backend has.
     *
     * @param names its own names of them, by their normalized names
     * @param details what it says of them, by their normalized names
     */
    record Models(Map<String, String> names, Map<String, BackendKnowledge.Details> details) {}

    /** The models in {@code /api/tags} or {@code /v1/models}; null if it cannot be read. */
    static @Nullable Models models(byte[] json, BackendSpec.Kind kind) {
        JsonNode document = parse(json);
        boolean ollama = kind == BackendSpec.Kind.OLLAMA;
        JsonNode list = document == null ? null : document.get(ollama ? "models" : "data");
        if (list == null || !list.isArray()) {
            return null;
        }
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, BackendKnowledge.Details> details = new LinkedHashMap<>();
        for (JsonNode model : list) {
            String name = model.path(ollama ? "name" : "id").asText("");
            if (isName(name) && names.size() < MAX_MODELS) {
                String normalized = ModelCatalog.normalized(name);
                names.put(normalized, name);
                BackendKnowledge.Details said = details(model);
                if (!said.equals(BackendKnowledge.Details.NONE)) {
                    details.put(normalized, said);
                }
            }
        }
        return new Models(names, details);
    }

    private static BackendKnowledge.Details details(JsonNode model) {
        JsonNode details = model.path("details");
        return new BackendKnowledge.Details(
                text(details, "family"),
                text(details, "parameter_size"),
                text(details, "quantization_level"),
                Math.max(0, model.path("size").asLong()));
    }

    private static String text(JsonNode object, String field) {
        String text = object.path(field).asText("");
        return isName(text) ? text : "";
    }

    /** The models in {@code /api/ps}, by their normalized names; null if it cannot be read. */
    static @Nullable Map<String, BackendKnowledge.Loaded> loaded(byte[] json) {
        JsonNode document = parse(json);
        JsonNode list = document == null ? null : document.get("models");
        if (list == null || !list.isArray()) {
            return null;
        }
        Map<String, BackendKnowledge.Loaded> loaded = new LinkedHashMap<>();
        for (JsonNode model : list) {
            String name = model.path("name").asText("");
            String expiresAt = model.path("expires_at").asText("");
            if (isName(name) && loaded.size() < MAX_MODELS) {
                loaded.put(
                        ModelCatalog.normalized(name),
                        new BackendKnowledge.Loaded(
                                name,
                                model.path("size").asLong(),
                                model.path("size_vram").asLong(),
                                model.path("context_length").asInt(),
                                isName(expiresAt) ? expiresAt : ""));
            }
        }
        return loaded;
    }

    private static @Nullable JsonNode parse(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            return null;
        }
    }

    private static boolean isName(String text) {
        return !text.isEmpty() && text.length() <= 256 && text.chars().noneMatch(Character::isISOControl);
    }
}

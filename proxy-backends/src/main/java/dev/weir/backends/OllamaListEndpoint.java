package dev.weir.backends;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /api/tags} and {@code GET /api/ps}: what all Ollama backends have, or have loaded, under the names that clients
 * of this gateway use, as far as the key may use them. The backends are asked each time, together.
 */
public final class OllamaListEndpoint implements Endpoint {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Fleet.Plan plan;
    private final String path;
    private final boolean loadedOnly;

    /** What a list says of models of which no backend says anything. */
    private final String since = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();

    private OllamaListEndpoint(Fleet.Plan plan, String path, boolean loadedOnly) {
        this.plan = plan;
        this.path = path;
        this.loadedOnly = loadedOnly;
    }

    /** The models there are: those of the configuration, and those found. */
    public static OllamaListEndpoint tags(Fleet.Plan plan) {
        return new OllamaListEndpoint(plan, "/api/tags", false);
    }

    /** The models that are loaded somewhere. */
    public static OllamaListEndpoint loaded(Fleet.Plan plan) {
        return new OllamaListEndpoint(plan, "/api/ps", true);
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) {
        FanOut.get(plan.backends().values(), exchange.eventLoop(), path, answers -> {
            Identity identity = exchange.get(Identity.KEY);
            downstream.respond(LocalResponse.json(200, bytes(list(answers, identity))));
        });
    }

    private ObjectNode list(Map<Backend, JsonNode> answers, @Nullable Identity identity) {
        Map<Backend, Map<String, JsonNode>> models = new HashMap<>();
        answers.forEach((backend, answer) -> models.put(backend, byName(answer)));
        ObjectNode list = JsonNodeFactory.instance.objectNode();
        ArrayNode entries = list.putArray("models");
        for (BackendGroup group : plan.catalog().groups()) {
            if (identity == null || identity.models().allow(group.name())) {
                ObjectNode entry = entry(group, models);
                if (entry != null) {
                    entries.add(entry.put("name", group.name()).put("model", group.name()));
                }
            }
        }
        return list;
    }

    private static Map<String, JsonNode> byName(JsonNode answer) {
        Map<String, JsonNode> models = new HashMap<>();
        for (JsonNode model : answer.path("models")) {
            models.put(ModelCatalog.normalized(model.path("name").asText("")), model);
        }
        return models;
    }

    /** What the first backend that knows the model says of it. */
    private @Nullable ObjectNode entry(BackendGroup group, Map<Backend, Map<String, JsonNode>> models) {
        for (Target target : group.targets()) {
            JsonNode known =
                    models.getOrDefault(target.backend(), Map.of()).get(ModelCatalog.normalized(target.model()));
            if (known instanceof ObjectNode said) {
                ObjectNode entry = JsonNodeFactory.instance.objectNode();
                entry.put("name", "").put("model", "");
                return entry.setAll(said.deepCopy());
            }
        }
        return loadedOnly ? null : unknown();
    }

    private ObjectNode unknown() {
        ObjectNode entry = JsonNodeFactory.instance
                .objectNode()
                .put("name", "")
                .put("model", "")
                .put("modified_at", since)
                .put("size", 0)
                .put("digest", "");
        entry.putObject("details")
                .put("parent_model", "")
                .put("format", "")
                .put("family", "")
                .putNull("families")
                .put("parameter_size", "")
                .put("quantization_level", "");
        return entry;
    }

    private static byte[] bytes(ObjectNode list) {
        try {
            return JSON.writeValueAsBytes(list);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that cannot be written", e);
        }
    }
}

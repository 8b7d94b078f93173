package dev.weir.backends;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.core.ModelPatterns;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** {@code GET /v1/models} and {@code /v1/models/{id}}, in OpenAI's form. An id may hold {@code /} and {@code :}. */
public final class ModelsEndpoint implements Endpoint {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ModelCatalog catalog;

    /** What the list says of when models came: when Weir learned of them, in seconds since 1970. */
    private final long createdSeconds = System.currentTimeMillis() / 1000;

    public ModelsEndpoint(ModelCatalog catalog) {
        this.catalog = catalog;
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) throws Exception {
        String path = exchange.request().path();
        int id = path.indexOf("/models/");
        ModelPatterns allowed = Identity.modelsOf(exchange);
        ObjectNode answer = id < 0 ? list(allowed) : one(decoded(path.substring(id + "/models/".length())), allowed);
        downstream.respond(LocalResponse.json(200, JSON.writeValueAsBytes(answer)));
    }

    private ObjectNode list(ModelPatterns allowed) {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        for (BackendGroup group : catalog.groups()) {
            if (allowed.allow(group.name())) {
                data.add(model(group));
            }
        }
        return list;
    }

    /** A model that may not be used is as unknown as one that is not there. */
    private ObjectNode one(String id, ModelPatterns allowed) throws GatewayException {
        BackendGroup group = catalog.find(id);
        if (group == null || !allowed.allow(id)) {
            throw ModelEndpoint.unknown(id, catalog, allowed);
        }
        return model(group);
    }

    private ObjectNode model(BackendGroup group) {
        ObjectNode model = JsonNodeFactory.instance
                .objectNode()
                .put("id", group.name())
                .put("object", "model")
                .put("created", createdSeconds)
                .put("owned_by", "weir");
        if (!group.metadata().isEmpty()) {
            model.set("metadata", JSON.valueToTree(group.metadata()));
        }
        return model;
    }

    private static String decoded(String segment) {
        return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}

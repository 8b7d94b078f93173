package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A plausible value for a JSON Schema: what a model fills into a tool's parameters. *Any thread.* */
final class SchemaInstance {
    private static final int DEEPEST = 8;

    private SchemaInstance() {}

    /**
     * @param schema an object schema; one without properties gives an empty object
     * @param topic what texts are filled with
     */
    static ObjectNode object(JsonNode schema, String topic) {
        return object(schema, topic, 0);
    }

    private static ObjectNode object(JsonNode schema, String topic, int depth) {
        ObjectNode instance = Json.object();
        if (depth < DEEPEST) {
            schema.path("properties")
                    .properties()
                    .forEach(property -> put(instance, property.getKey(), property.getValue(), topic, depth + 1));
        }
        return instance;
    }

    private static void put(ObjectNode into, String name, JsonNode schema, String topic, int depth) {
        JsonNode choices = schema.path("enum");
        if (!choices.isEmpty()) {
            into.set(name, choices.get(0));
            return;
        }
        switch (schema.path("type").asText()) {
            case "integer" -> into.put(name, Math.max(1, schema.path("minimum").asInt(1)));
            case "number" -> into.put(name, Math.max(1.5, schema.path("minimum").asDouble(1.5)));
            case "boolean" -> into.put(name, true);
            case "null" -> into.putNull(name);
            case "object" -> into.set(name, object(schema, topic, depth));
            case "array" -> {
                ObjectNode one = Json.object();
                put(one, "item", schema.path("items"), topic, depth + 1);
                into.putArray(name).add(one.path("item"));
            }
            default -> into.put(name, topic);
        }
    }
}

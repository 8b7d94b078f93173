package dev.weir.backends.translate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;

/** JSON as trees, for what is told in other words. Any thread. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** A request's body, which is known to be an object. Borrows it and moves no index. */
    static ObjectNode object(ByteBuf body) throws GatewayException {
        try (InputStream in = new ByteBufInputStream(body.duplicate())) {
            if (MAPPER.readTree(in) instanceof ObjectNode object) {
                return object;
            }
        } catch (IOException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "request body: malformed JSON", e);
        }
        throw new GatewayException(GatewayError.BAD_REQUEST, "request body: not an object (expected: a JSON object)");
    }

    /** Reads a backend's JSON. */
    static JsonNode read(ByteBuf json) throws IOException {
        try (InputStream in = new ByteBufInputStream(json.duplicate())) {
            return MAPPER.readTree(in);
        }
    }

    static byte[] bytes(JsonNode tree) {
        try {
            return MAPPER.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that cannot be written", e);
        }
    }
}

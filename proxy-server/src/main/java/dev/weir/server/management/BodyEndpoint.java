package dev.weir.server.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint whose requests bring a JSON object.
 *
 * @param action what answers them
 */
record BodyEndpoint(Action action) implements Endpoint {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Answers a request by its body. On the exchange's event loop. */
    @FunctionalInterface
    interface Action {
        void serve(Exchange exchange, ObjectNode body, Downstream downstream) throws Exception;
    }

    @Override
    public boolean needsBody() {
        return true;
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) throws Exception {
        action.serve(exchange, object(exchange), downstream);
    }

    /** The body; an empty one is an empty object. */
    private static ObjectNode object(Exchange exchange) throws GatewayException {
        String text = exchange.body().toString(StandardCharsets.UTF_8);
        try {
            JsonNode node = text.isBlank() ? JSON.createObjectNode() : JSON.readTree(text);
            if (node instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw badRequest("request body: malformed JSON", null);
        }
        throw badRequest("request body: not an object (expected: a JSON object)", null);
    }

    /** A text field, or null when it is not there. */
    static @Nullable String text(ObjectNode body, String field) throws GatewayException {
        JsonNode node = body.path(field);
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (!node.isTextual() || node.textValue().isBlank()) {
            throw badRequest(field + ": no text", field);
        }
        return node.textValue();
    }

    static String requiredText(ObjectNode body, String field) throws GatewayException {
        String text = text(body, field);
        if (text == null) {
            throw badRequest(field + ": missing", field);
        }
        return text;
    }

    static GatewayException badRequest(String detail, @Nullable String field) {
        GatewayException refusal = new GatewayException(GatewayError.BAD_REQUEST, detail);
        return field == null ? refusal : refusal.param(field);
    }
}

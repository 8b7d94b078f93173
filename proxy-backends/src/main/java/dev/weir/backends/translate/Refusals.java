package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;

/** Refuses what cannot be told to a backend, naming the backend and its limit. */
final class Refusals {
    private final ObjectNode asked;
    private final String backend;
    private final String speaks;

    /** @param toOpenAi whether the backend speaks OpenAI's API */
    Refusals(ObjectNode asked, String backend, boolean toOpenAi) {
        this.asked = asked;
        this.backend = backend;
        this.speaks = toOpenAi ? "OpenAI's API" : "Ollama's API without /v1";
    }

    /** Refuses the request if it has one of {@code names} with a value that means anything. */
    void refuse(String... names) throws GatewayException {
        for (String name : names) {
            refuse(asked.path(name), name);
        }
    }

    /** Refuses {@code value} if it means anything. */
    void refuse(JsonNode value, String name) throws GatewayException {
        boolean nothing = value.isMissingNode()
                || value.isNull()
                || (value.isContainerNode() && value.isEmpty())
                || (value.isTextual() && value.textValue().isEmpty())
                || (value.isBoolean() && !value.booleanValue());
        if (!nothing) {
            throw refusal(name);
        }
    }

    GatewayException refusal(String name) {
        return new GatewayException(
                        GatewayError.BAD_REQUEST,
                        name + ": not possible with backend " + backend + ", which speaks " + speaks
                                + ": only text, its streaming and the usual options are told to it")
                .param(name);
    }
}

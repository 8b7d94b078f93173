package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** OpenAI's {@code POST /v1/responses}, stateless. *Any thread.* */
final class ResponsesApi {
    private final Engine engine;
    private final Composer composer;

    ResponsesApi(Engine engine, Composer composer) {
        this.engine = engine;
        this.composer = composer;
    }

    void register(Router router) {
        router.on("POST", "/v1/responses", this::create);
    }

    private void create(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.languageModel(body.path("model"));
        if (body.path("input").isMissingNode()) {
            throw SimError.missing("input");
        }
        Conversation conversation = Conversation.of(body.path("instructions"), body.path("input"));
        JsonNode format = body.path("text").path("format");
        JsonNode schema = switch (format.path("type").asText()) {
            case "json_object" -> Json.object();
            case "json_schema" -> format.path("schema");
            default -> MissingNode.getInstance();
        };
        var limits = new Composer.Limits(
                Math.max(0, body.path("max_output_tokens").asInt(0)), List.of(), false, body.path("tools"), schema);
        Answer answer = composer.answer(body.path("model").asText(), model, conversation, limits);
        StreamFormat answered = new ResponsesFormat(engine.options().kind(), answer);
        engine.generate(
                exchange,
                model,
                Slot.Wish.NONE,
                answer,
                answered,
                body.path("stream").asBoolean());
    }
}

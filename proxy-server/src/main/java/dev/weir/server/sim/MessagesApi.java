package dev.weir.server.sim;

import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Anthropic's {@code POST /v1/messages}, and its token count where the server has one. *Any thread.* */
final class MessagesApi {
    private final Engine engine;
    private final Composer composer;

    MessagesApi(Engine engine, Composer composer) {
        this.engine = engine;
        this.composer = composer;
    }

    void register(Router router) {
        router.on("POST", "/v1/messages", this::create);
        if (engine.options().kind() == SimKind.OPENAI) {
            router.on("POST", "/v1/messages/count_tokens", this::count);
        }
    }

    private void create(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.languageModel(body.path("model"));
        int maxTokens = body.path("max_tokens").asInt(0);
        if (maxTokens <= 0) {
            throw SimError.missing("max_tokens");
        }
        var limits = new Composer.Limits(
                maxTokens,
                Composer.Limits.stops(body.path("stop_sequences")),
                false,
                body.path("tools"),
                MissingNode.getInstance());
        Answer answer = composer.answer(body.path("model").asText(), model, conversation(body), limits);
        StreamFormat format = new MessagesFormat(engine.options().kind(), exchange.alloc(), answer);
        engine.generate(
                exchange,
                model,
                Slot.Wish.NONE,
                answer,
                format,
                body.path("stream").asBoolean());
    }

    private void count(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel unused = engine.languageModel(body.path("model"));
        exchange.reply(200, Json.object().put("input_tokens", conversation(body).promptTokens()));
    }

    private static Conversation conversation(ObjectNode body) {
        if (body.path("messages").isEmpty()) {
            throw SimError.missing("messages");
        }
        return Conversation.of(body.path("system"), body.path("messages"));
    }
}

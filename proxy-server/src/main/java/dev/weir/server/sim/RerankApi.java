package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** {@code POST /v1/rerank} in the shape Jina, Cohere and vLLM share: documents by closeness to a query. *Any thread.* */
final class RerankApi {
    private static final int DIMENSIONS = 384;

    private record Ranked(int index, String text, double score) {}

    private final Engine engine;

    RerankApi(Engine engine) {
        this.engine = engine;
    }

    void register(Router router) {
        router.on("POST", "/v1/rerank", this::rerank);
    }

    private void rerank(Exchange exchange) {
        ObjectNode body = exchange.jsonBody();
        SimModel model = engine.model(body.path("model"));
        String query = body.path("query").asText("");
        if (query.isEmpty()) {
            throw SimError.missing("query");
        }
        List<String> documents = new ArrayList<>();
        body.path("documents").forEach(document -> documents.add(text(document)));
        if (documents.isEmpty()) {
            throw SimError.missing("documents");
        }
        int most = Math.max(0, body.path("top_n").asInt(documents.size()));
        engine.compute(exchange, model, Slot.Wish.NONE, timing -> {
            ObjectNode answer = Json.object()
                    .put("id", Ids.next("rerank-"))
                    .put("model", body.path("model").asText());
            answer.putObject("usage").put("total_tokens", Tokens.count(query) + Inputs.tokens(documents));
            ArrayNode results = answer.putArray("results");
            rank(query, documents).stream().limit(most).forEach(ranked -> {
                ObjectNode result = results.addObject().put("index", ranked.index());
                result.putObject("document").put("text", ranked.text());
                result.put("relevance_score", ranked.score());
            });
            return Json.bytes(answer);
        });
    }

    private static List<Ranked> rank(String query, List<String> documents) {
        float[] wanted = Embedder.embed(query, DIMENSIONS, 0);
        List<Ranked> all = new ArrayList<>();
        for (int i = 0; i < documents.size(); i++) {
            double cosine = Embedder.cosine(wanted, Embedder.embed(documents.get(i), DIMENSIONS, 0));
            all.add(new Ranked(i, documents.get(i), (1 + cosine) / 2));
        }
        all.sort(Comparator.comparingDouble(Ranked::score).reversed());
        return all;
    }

    private static String text(JsonNode document) {
        return document.isTextual()
                ? document.textValue()
                : document.path("text").asText();
    }
}

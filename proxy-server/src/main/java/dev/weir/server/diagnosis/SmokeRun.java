package dev.weir.server.diagnosis;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One round of checks against a running gateway, in order, each told as soon as it is known. Blocks the caller's thread. */
final class SmokeRun {
    /** What is tried. */
    enum Check {
        MODELS,
        EMBEDDINGS,
        CHAT,
        ROUTING,
        STREAMING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int MAX_TOKENS = 32;

    /** How many models are asked for an embedding when nothing says which can make one. */
    private static final int TRIALS = 3;

    private final SmokeClient client;
    private final @Nullable String chatModel;
    private final @Nullable String embeddingModel;
    private final Set<Check> checks;
    private final Consumer<Finding> listener;
    private final List<Finding> findings = new ArrayList<>();
    private OfferedModels offered = OfferedModels.NONE;

    SmokeRun(
            SmokeClient client,
            @Nullable String chatModel,
            @Nullable String embeddingModel,
            Set<Check> skipped,
            Consumer<Finding> listener) {
        this.client = client;
        this.chatModel = chatModel;
        this.embeddingModel = embeddingModel;
        this.checks = EnumSet.allOf(Check.class);
        this.checks.removeAll(skipped);
        this.listener = listener;
    }

    /** What a check found out, for the line that says it is well. */
    @FunctionalInterface
    private interface Trial {
        String run() throws SmokeFailure, IOException, InterruptedException;
    }

    List<Finding> run() {
        check(Check.MODELS, this::models);
        check(Check.EMBEDDINGS, this::embeddings);
        check(Check.CHAT, this::chat);
        check(Check.ROUTING, this::routing);
        check(Check.STREAMING, this::streaming);
        return findings;
    }

    private void check(Check check, Trial trial) {
        Finding finding;
        if (!checks.contains(check)) {
            finding = Finding.skipped(check.toString(), "left out by --skip");
        } else {
            try {
                finding = Finding.ok(check.toString(), trial.run());
            } catch (SmokeFailure e) {
                finding = Finding.failed(check.toString(), e.what(), e.mend());
            } catch (IOException e) {
                SmokeFailure failure = SmokeFailure.ofConnection(client.base(), e);
                finding = Finding.failed(check.toString(), failure.what(), failure.mend());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                finding = Finding.failed(check.toString(), "interrupted", "run it again");
            }
        }
        findings.add(finding);
        listener.accept(finding);
    }

    private String models() throws SmokeFailure, IOException, InterruptedException {
        HttpResponse<String> response = SmokeFailure.unlessOk(client.get("/v1/models"));
        offered = OfferedModels.of(SmokeFailure.json(response));
        if (offered.isEmpty()) {
            throw new SmokeFailure(
                    "the list is empty",
                    "configure models, or let discover_models find those of a backend that is up; a key may also be bound to models that are gone");
        }
        return offered.size() + " offered";
    }

    private String embeddings() throws SmokeFailure, IOException, InterruptedException {
        List<String> candidates = embeddingModel != null ? List.of(embeddingModel) : offered.forEmbeddings(TRIALS);
        SmokeFailure last = new SmokeFailure(
                "no model to ask", "name one with --embedding-model, or leave this out with --skip embeddings");
        for (String model : candidates) {
            try {
                return embedding(model);
            } catch (SmokeFailure e) {
                last = e;
            }
        }
        throw last;
    }

    private String embedding(String model) throws SmokeFailure, IOException, InterruptedException {
        ObjectNode body = SmokeClient.JSON
                .createObjectNode()
                .put("model", model)
                .put("input", "a weir holds the river back, " + client.nonce());
        HttpResponse<String> response = client.post("/v1/embeddings", body);
        if (embeddingModel == null && (response.statusCode() == 400 || response.statusCode() == 404)) {
            throw new SmokeFailure(
                    model + " makes no embeddings: " + SmokeFailure.message(response),
                    "name a model that does with --embedding-model, or leave this out with --skip embeddings");
        }
        JsonNode vector = SmokeFailure.json(SmokeFailure.unlessOk(response))
                .path("data")
                .path(0)
                .path("embedding");
        SmokeFailure.ifCached(response);
        if (vector.isEmpty() || !vector.path(0).isNumber()) {
            throw new SmokeFailure("the answer of " + model + " holds no vector", "look at what its backend answers");
        }
        return model + ", " + vector.size() + " dimensions" + backend(response);
    }

    private String chat() throws SmokeFailure, IOException, InterruptedException {
        String model = chatModel();
        HttpResponse<String> response = SmokeFailure.unlessOk(ask(model, false));
        SmokeFailure.ifCached(response);
        JsonNode answer = SmokeFailure.json(response);
        JsonNode message = answer.path("choices").path(0).path("message");
        boolean said = !message.path("content").asText().isBlank()
                || !message.path("reasoning_content").asText().isBlank()
                || !message.path("reasoning").asText().isBlank();
        if (!said && answer.path("usage").path("completion_tokens").asInt() == 0) {
            throw new SmokeFailure(model + " answered nothing", "ask its backend directly, and look at its log");
        }
        return model + " answered" + backend(response);
    }

    /** The model that served is the one asked for, its backend is named, and an unknown model is refused. */
    private String routing() throws SmokeFailure, IOException, InterruptedException {
        String model = chatModel();
        HttpResponse<String> response = SmokeFailure.unlessOk(ask(model, false));
        String served = header(response, "x-weir-model");
        String backend = header(response, "x-weir-backend");
        if (backend.isEmpty()) {
            throw new SmokeFailure(
                    "the answer does not say which backend gave it",
                    "is " + client.base() + " a Weir, and does nothing on the way remove x-weir-backend?");
        }
        if (!served.equals(model)) {
            throw new SmokeFailure(
                    model + " was served by " + (served.isEmpty() ? "no named model" : served) + " on " + backend,
                    "no target of " + model + " can serve: weir doctor says which backend is away");
        }
        ObjectNode unknown = question("no-such-model-" + client.nonce(), false);
        int status = client.post("/v1/chat/completions", unknown).statusCode();
        if (status != 404 && status != 403) {
            throw new SmokeFailure(
                    "a model that nobody has was answered with " + status + " (expected: 404)",
                    "look for a route of the configuration that catches all models");
        }
        return model + " is served by " + backend + ", an unknown model is refused";
    }

    private String streaming() throws SmokeFailure, IOException, InterruptedException {
        String model = chatModel();
        HttpResponse<String> response = SmokeFailure.unlessOk(ask(model, true));
        String type = header(response, "content-type");
        if (!type.startsWith("text/event-stream")) {
            throw new SmokeFailure(
                    "the answer is " + type + " (expected: text/event-stream)", "look at what its backend answers");
        }
        SmokeFailure.ifCached(response);
        List<String> events = response.body()
                .lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> line.substring("data: ".length()))
                .toList();
        String last = events.isEmpty() ? "" : events.get(events.size() - 1);
        if (!last.equals("[DONE]")) {
            boolean error = last.startsWith("{\"error\"");
            throw new SmokeFailure(
                    "the stream broke off" + (error ? ": " + SmokeFailure.message(last) : " without [DONE]"),
                    "ask the backend directly, and look at its log");
        }
        if (events.size() < 2) {
            throw new SmokeFailure("the stream held nothing", "ask the backend directly, and look at its log");
        }
        return model + ", " + (events.size() - 1) + " events" + backend(response);
    }

    private HttpResponse<String> ask(String model, boolean stream) throws IOException, InterruptedException {
        return client.post("/v1/chat/completions", question(model, stream));
    }

    private ObjectNode question(String model, boolean stream) {
        ObjectNode body = SmokeClient.JSON
                .createObjectNode()
                .put("model", model)
                .put("temperature", 0)
                .put("max_tokens", MAX_TOKENS)
                .put("stream", stream);
        body.putArray("messages").addObject().put("role", "user").put("content", "Say pong. (" + client.nonce() + ")");
        return body;
    }

    private String chatModel() throws SmokeFailure {
        if (chatModel != null) {
            return chatModel;
        }
        String found = offered.forChat();
        if (found == null) {
            throw new SmokeFailure("no model to ask", "name one with --chat-model");
        }
        return found;
    }

    private static String backend(HttpResponse<?> response) {
        String backend = header(response, "x-weir-backend");
        return backend.isEmpty() ? "" : " from " + backend;
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}

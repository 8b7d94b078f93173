package dev.weir.server.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.backends.OllamaCall;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** What models a number of Ollamas have and which of them are loaded, asked just now. Immutable. */
final class HostedModels {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A model on one backend: its entry of {@code /api/tags}, and that of {@code /api/ps} if it is loaded. */
    record Copy(String backend, JsonNode has, JsonNode loaded) {}

    private final Map<String, List<Copy>> byName = new TreeMap<>();
    private final List<String> unreachable = new ArrayList<>();

    private HostedModels() {}

    static CompletableFuture<HostedModels> of(Collection<Backend> backends, EventLoop eventLoop) {
        CompletableFuture<Map<Backend, OllamaCall.Answer>> tags =
                OllamaFleet.ask(backends, eventLoop, "GET", "/api/tags", null, OllamaFleet.TIMEOUT_MILLIS);
        CompletableFuture<Map<Backend, OllamaCall.Answer>> loaded =
                OllamaFleet.ask(backends, eventLoop, "GET", "/api/ps", null, OllamaFleet.TIMEOUT_MILLIS);
        return tags.thenCombine(loaded, (has, runs) -> {
            HostedModels models = new HostedModels();
            has.forEach((backend, answer) -> models.add(backend, answer, Objects.requireNonNull(runs.get(backend))));
            return models;
        });
    }

    private void add(Backend backend, OllamaCall.Answer has, OllamaCall.Answer runs) {
        if (!has.isOk()) {
            unreachable.add(backend.name());
            return;
        }
        Map<String, JsonNode> loaded = new TreeMap<>();
        for (JsonNode model : list(runs)) {
            loaded.put(key(model.path("name").asText()), model);
        }
        for (JsonNode model : list(has)) {
            String key = key(model.path("name").asText());
            byName.computeIfAbsent(key, name -> new ArrayList<>())
                    .add(new Copy(
                            backend.name(), model, loaded.getOrDefault(key, JsonNodeFactory.instance.missingNode())));
        }
    }

    /** The models of an answer of {@code /api/tags} or {@code /api/ps}; none if it is no such answer. */
    static JsonNode list(OllamaCall.Answer answer) {
        return answer.isOk() ? read(answer.body()).path("models") : JsonNodeFactory.instance.missingNode();
    }

    static JsonNode read(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    /** Ollama's rule: no tag means {@code :latest}, and case does not matter. */
    private static String key(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.indexOf(':', lower.lastIndexOf('/') + 1) < 0 ? lower + ":latest" : lower;
    }

    /** The copies of a model; empty when no backend that answered has it. */
    List<Copy> of(String name) {
        return byName.getOrDefault(key(name), List.of());
    }

    ObjectNode toJson() {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode models = answer.putArray("models");
        byName.values().forEach(copies -> models.add(entry(copies)));
        ArrayNode missing = answer.putArray("unreachable");
        unreachable.forEach(missing::add);
        return answer;
    }

    private static ObjectNode entry(List<Copy> copies) {
        JsonNode first = copies.get(0).has();
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("name", first.path("name").asText());
        entry.put("size", first.path("size").asLong());
        for (String field : List.of("digest", "modified_at", "details", "capabilities")) {
            if (first.has(field)) {
                entry.set(field, first.get(field));
            }
        }
        addBackends(entry, copies);
        return entry;
    }

    /** Where the copies are, and whether they are loaded. */
    static void addBackends(ObjectNode entry, List<Copy> copies) {
        ArrayNode list = entry.putArray("backends");
        for (Copy copy : copies) {
            ObjectNode where = list.addObject().put("name", copy.backend());
            where.put("loaded", !copy.loaded().isMissingNode());
            where.put("size", copy.has().path("size").asLong());
            for (String field : List.of("size_vram", "context_length", "expires_at")) {
                if (copy.loaded().has(field)) {
                    where.set(field, copy.loaded().get(field));
                }
            }
        }
    }
}

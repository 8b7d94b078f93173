package dev.weir.server.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.backends.OllamaCall;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.LocalResponse;
import dev.weir.core.Services;
import dev.weir.server.config.WeirConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code /management/system/…}: what this machine has left, what Weir's own files take, and how the Ollamas are. What reads
 * files or starts a process runs off the event loops.
 */
public final class SystemEndpoints {
    private final GatewayControl gateway;
    private final OllamaFleet fleet;
    private final SystemResources resources;
    private final StorageUsage storage;
    private final Path stateDirectory;

    public SystemEndpoints(GatewayControl gateway, Services services) {
        this.gateway = gateway;
        this.fleet = new OllamaFleet(gateway);
        this.resources = SystemResources.of(services);
        this.storage = new StorageUsage(services.background());
        this.stateDirectory = services.stateDirectory();
    }

    /** Processor, memory, disk, graphics cards; at most a second old. */
    public void resources(Exchange exchange, Downstream downstream) {
        answer(exchange, downstream, resources.current());
    }

    /** The directories that Weir writes to. */
    public void storageUsage(Exchange exchange, Downstream downstream) {
        answer(exchange, downstream, storage.of(places(gateway.config())));
    }

    private static void answer(Exchange exchange, Downstream downstream, CompletableFuture<ObjectNode> pending) {
        OllamaFleet.answer(
                pending.thenApplyAsync(answer -> LocalResponse.json(200, answer.toString()), exchange.eventLoop()),
                downstream);
    }

    private Map<String, Path> places(WeirConfig config) {
        Map<String, Path> places = new LinkedHashMap<>();
        String url = config.database().url();
        if (url.startsWith("sqlite:")) {
            places.put("data", directory(Path.of(url.substring("sqlite:".length()))));
        } else {
            places.put("data", stateDirectory);
        }
        if (config.logging().file() != null) {
            places.put("logs", directory(config.logging().file().path()));
        }
        Object spill = config.settings("audit").toMap().get("spill_directory");
        places.put("spill", stateDirectory.resolve(spill == null ? "data/spill" : spill.toString()));
        return places;
    }

    private Path directory(Path file) {
        Path absolute = stateDirectory.resolve(file).toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        return parent == null ? absolute : parent;
    }

    /** Each Ollama: whether it answers, how fast, its version, and what is loaded. */
    public void ollamaStatus(Exchange exchange, Downstream downstream) {
        List<Backend> backends = fleet.all();
        Map<Backend, Long> latencies = new LinkedHashMap<>();
        long begun = System.nanoTime();
        Map<Backend, CompletableFuture<OllamaCall.Answer>> versions = new LinkedHashMap<>();
        for (Backend backend : backends) {
            versions.put(backend, ask(backend, exchange, "/api/version").thenApply(answer -> {
                latencies.put(backend, System.nanoTime() - begun);
                return answer;
            }));
        }
        CompletableFuture<Map<Backend, OllamaCall.Answer>> loaded =
                OllamaFleet.ask(backends, exchange.eventLoop(), "GET", "/api/ps", null, OllamaFleet.TIMEOUT_MILLIS);
        CompletableFuture<?> all = CompletableFuture.allOf(versions.values().toArray(CompletableFuture[]::new));
        OllamaFleet.answer(
                all.thenCombine(loaded, (done, runs) -> {
                    ObjectNode answer = JsonNodeFactory.instance.objectNode();
                    ArrayNode list = answer.putArray("backends");
                    versions.forEach((backend, version) ->
                            list.add(status(backend, version.join(), latencies.get(backend), runs.get(backend))));
                    return LocalResponse.json(200, answer.toString());
                }),
                downstream);
    }

    private static CompletableFuture<OllamaCall.Answer> ask(Backend backend, Exchange exchange, String path) {
        return OllamaCall.ask(backend, exchange.eventLoop(), "GET", path, null, OllamaFleet.TIMEOUT_MILLIS);
    }

    private static ObjectNode status(
            Backend backend,
            OllamaCall.Answer version,
            @Nullable Long latencyNanos,
            OllamaCall.@Nullable Answer loaded) {
        ObjectNode status = JsonNodeFactory.instance
                .objectNode()
                .put("name", backend.name())
                .put("url", backend.spec().url().toString())
                .put("state", backend.state())
                .put("reachable", version.isOk());
        if (!version.isOk()) {
            return status.put("error", ModelsEndpoints.reason(version));
        }
        status.put("version", HostedModels.read(version.body()).path("version").asText());
        status.put("latency_ms", TimeUnit.NANOSECONDS.toMicros(latencyNanos == null ? 0 : latencyNanos) / 1000d);
        ArrayNode models = status.putArray("loaded_models");
        if (loaded != null) {
            for (JsonNode model : HostedModels.list(loaded)) {
                ObjectNode entry =
                        models.addObject().put("name", model.path("name").asText());
                for (String field : List.of("size", "size_vram", "context_length", "expires_at")) {
                    if (model.has(field)) {
                        entry.set(field, model.get(field));
                    }
                }
            }
        }
        return status;
    }
}

package dev.weir.server.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.backends.BackendGroup;
import dev.weir.backends.BackendSpec;
import dev.weir.backends.OllamaCall;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.usage.ModelRegistry;
import dev.weir.pipeline.usage.RegisteredModel;
import dev.weir.server.config.ModelConfig;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** {@code /management/models/…}: the models of all Ollama backends together. Runs on the exchange's event loop. */
public final class ModelsEndpoints {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PREFIX = "/management/models/";
    private static final String INFO = "/info";
    private static final long DELETE_MILLIS = 60_000;

    /** What of {@code /api/show} is told; licences and model files are long, and the server has them. */
    private static final List<String> SHOWN = List.of(
            "details", "model_info", "capabilities", "parameters", "template", "system", "modified_at", "remote_model");

    private final GatewayControl gateway;
    private final ModelRegistry registry;
    private final OllamaFleet fleet;

    public ModelsEndpoints(GatewayControl gateway, ModelRegistry registry) {
        this.gateway = gateway;
        this.registry = registry;
        this.fleet = new OllamaFleet(gateway);
    }

    /** Every model, with the backends that have it and whether it is loaded there. */
    public void list(Exchange exchange, Downstream downstream) {
        OllamaFleet.answer(
                HostedModels.of(fleet.all(), exchange.eventLoop())
                        .thenApply(models -> LocalResponse.json(200, bytes(models.toJson()))),
                downstream);
    }

    /** The models of the configuration. */
    public void configured(Exchange exchange, Downstream downstream) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode models = answer.putArray("models");
        gateway.config().models().forEach((name, model) -> models.add(configured(name, model)));
        downstream.respond(LocalResponse.json(200, bytes(answer)));
    }

    private ObjectNode configured(String name, ModelConfig model) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode().put("name", name);
        BackendGroup group = gateway.fleet().current().catalog().find(name);
        entry.put("up", group != null && group.isUp());
        ArrayNode targets = entry.putArray("targets");
        for (ModelConfig.Target target : model.targets()) {
            targets.addObject()
                    .put("backend", target.backend())
                    .put("model", target.model())
                    .put("weight", target.weight());
        }
        entry.set("fallbacks", JSON.valueToTree(model.fallbacks()));
        entry.set("metadata", JSON.valueToTree(model.metadata()));
        return entry;
    }

    /** {@code POST …/pull}: see {@link ModelPull}. */
    public Endpoint pull() {
        return new BodyEndpoint((exchange, body, downstream) -> {
            String model = BodyEndpoint.requiredText(body, body.has("name") && !body.has("model") ? "name" : "model");
            List<Backend> backends = fleet.named(BodyEndpoint.text(body, "backend"));
            boolean stream = body.path("stream").asBoolean(true);
            new ModelPull(exchange, downstream, model, backends, stream).start();
        });
    }

    /** {@code POST …/delete}: from one backend, or from all that have it. */
    public Endpoint delete() {
        return new BodyEndpoint((exchange, body, downstream) -> {
            String model = BodyEndpoint.requiredText(body, "model");
            List<Backend> backends = fleet.named(BodyEndpoint.text(body, "backend"));
            String json =
                    JsonNodeFactory.instance.objectNode().put("model", model).toString();
            OllamaFleet.answer(
                    OllamaFleet.ask(backends, exchange.eventLoop(), "DELETE", "/api/delete", json, DELETE_MILLIS)
                            .thenApply(answers -> deleted(model, answers)),
                    downstream);
        });
    }

    private static LocalResponse deleted(String model, Map<Backend, OllamaCall.Answer> answers) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("model", model);
        ArrayNode list = answer.putArray("backends");
        boolean any = false;
        boolean allMissing = true;
        for (Map.Entry<Backend, OllamaCall.Answer> entry : answers.entrySet()) {
            OllamaCall.Answer result = entry.getValue();
            boolean missing = result.status() == 404;
            ObjectNode line = list.addObject().put("name", entry.getKey().name());
            line.put("status", result.isOk() ? "deleted" : missing ? "not_found" : "error");
            if (!result.isOk() && !missing) {
                line.put("error", reason(result));
            }
            if (result.isOk()) {
                entry.getKey().refresh();
            }
            any |= result.isOk();
            allMissing &= missing;
        }
        answer.put("deleted", any);
        if (!any) {
            answer.set("error", error(allMissing ? "no backend has model '" + model + "'" : "no backend deleted it"));
        }
        return LocalResponse.json(any ? 200 : allMissing ? 404 : 502, answer.toString());
    }

    private static ObjectNode error(String message) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("message", message)
                .put("type", "invalid_request_error")
                .putNull("param")
                .putNull("code");
    }

    /** Why a backend did not do it: what it says, else what went wrong on the way. */
    static String reason(OllamaCall.Answer answer) {
        JsonNode error = HostedModels.read(answer.body()).path("error");
        if (error.isTextual()) {
            return error.textValue();
        }
        return answer.status() == 0 ? answer.body() : "it answered " + answer.status();
    }

    /** {@code …/{name}/info}: what the configuration says of a model, what the backends do, and what the registry keeps. */
    public void info(Exchange exchange, Downstream downstream) throws GatewayException {
        String path = exchange.request().path();
        if (!path.endsWith(INFO) || path.length() <= PREFIX.length() + INFO.length()) {
            throw new GatewayException(GatewayError.NOT_FOUND, "nothing is served at this path");
        }
        // A plus stands for itself in paths.
        String written = URLDecoder.decode(
                path.substring(PREFIX.length(), path.length() - INFO.length()).replace("+", "%2B"),
                StandardCharsets.UTF_8);
        BackendGroup group = gateway.fleet().current().catalog().find(written);
        ModelConfig model = group == null ? null : gateway.config().models().get(group.name());
        String name = group == null || model == null ? written : group.name();
        ObjectNode answer =
                model == null ? JsonNodeFactory.instance.objectNode().put("name", name) : configured(name, model);
        answer.put("configured", model != null);
        RegisteredModel registered = group == null ? null : registry.find(group.name());
        if (registered != null) {
            answer.set("registry", registered(registered));
        }
        Map<Backend, String> asked = asked(name, model);
        OllamaFleet.answer(
                shown(asked, exchange)
                        .thenCombine(
                                HostedModels.of(asked.keySet(), exchange.eventLoop()),
                                (answers, hosted) -> info(answer, asked, answers, hosted, model != null)),
                downstream);
    }

    /** Whom to ask, and for which of its models. */
    private Map<Backend, String> asked(String name, @Nullable ModelConfig model) {
        Map<Backend, String> asked = new LinkedHashMap<>();
        if (model == null) {
            fleet.all().forEach(backend -> asked.put(backend, name));
            return asked;
        }
        Map<String, Backend> backends = gateway.fleet().current().backends();
        for (ModelConfig.Target target : model.targets()) {
            Backend backend = backends.get(target.backend());
            if (backend != null && backend.spec().kind() == BackendSpec.Kind.OLLAMA) {
                asked.putIfAbsent(backend, target.model());
            }
        }
        return asked;
    }

    private static CompletableFuture<Map<Backend, OllamaCall.Answer>> shown(
            Map<Backend, String> asked, Exchange exchange) {
        Map<Backend, OllamaCall.Answer> answers = new LinkedHashMap<>();
        CompletableFuture<?>[] pending = asked.entrySet().stream()
                .map(entry -> OllamaCall.ask(
                                entry.getKey(),
                                exchange.eventLoop(),
                                "POST",
                                "/api/show",
                                JsonNodeFactory.instance
                                        .objectNode()
                                        .put("model", entry.getValue())
                                        .toString(),
                                OllamaFleet.TIMEOUT_MILLIS)
                        .thenAccept(answer -> answers.put(entry.getKey(), answer)))
                .toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(pending).thenApply(done -> answers);
    }

    private static LocalResponse info(
            ObjectNode answer,
            Map<Backend, String> asked,
            Map<Backend, OllamaCall.Answer> shown,
            HostedModels hosted,
            boolean configured) {
        boolean found = false;
        ArrayNode list = answer.putArray("backends");
        for (Map.Entry<Backend, String> entry : asked.entrySet()) {
            OllamaCall.Answer show = Objects.requireNonNull(shown.get(entry.getKey()));
            ObjectNode where = list.addObject()
                    .put("name", entry.getKey().name())
                    .put("model", entry.getValue())
                    .put("has", show.isOk());
            if (show.isOk()) {
                where.put("loaded", isLoaded(hosted, entry));
                if (!found) {
                    JsonNode told = HostedModels.read(show.body());
                    SHOWN.stream().filter(told::has).forEach(field -> answer.set(field, told.get(field)));
                }
                found = true;
            } else if (show.status() != 404) {
                where.put("error", reason(show));
            }
        }
        if (!found && answer.has("registry")) {
            answer.set("details", details(answer.path("registry")));
        } else if (!found && !configured) {
            answer.set("error", error("no backend has this model, and the configuration does not name it"));
            return LocalResponse.json(404, bytes(answer));
        }
        return LocalResponse.json(200, bytes(answer));
    }

    private static ObjectNode registered(RegisteredModel model) {
        RegisteredModel.Details said = model.details();
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("source", model.source().name().toLowerCase(Locale.ROOT))
                .put("description", model.description())
                .put("family", said.family())
                .put("parameter_size", said.parameterSize())
                .put("quantization", said.quantization())
                .put("size_bytes", said.sizeBytes());
        model.backends().forEach(json.putArray("backends")::add);
        return json;
    }

    /** What the registry keeps, as {@code /api/show} would say it. */
    private static ObjectNode details(JsonNode registered) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("family", registered.path("family").asText())
                .put("parameter_size", registered.path("parameter_size").asText())
                .put("quantization_level", registered.path("quantization").asText());
    }

    private static boolean isLoaded(HostedModels hosted, Map.Entry<Backend, String> entry) {
        return hosted.of(entry.getValue()).stream()
                .anyMatch(copy -> copy.backend().equals(entry.getKey().name())
                        && !copy.loaded().isMissingNode());
    }

    private static byte[] bytes(ObjectNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}

package dev.weir.server.management;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.backends.BackendKnowledge;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.LocalResponse;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.Problem;
import dev.weir.server.config.Redacted;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /management/…}: the running configuration and the balancer's view. What may block runs off the event loops. */
public final class ManagementEndpoints {
    private static final Logger LOG = LoggerFactory.getLogger(ManagementEndpoints.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final GatewayControl gateway;
    private final Executor background;

    public ManagementEndpoints(GatewayControl gateway, Executor background) {
        this.gateway = gateway;
        this.background = background;
    }

    /** The configuration in force, without its secrets. */
    public void config(Exchange exchange, Downstream downstream) throws Exception {
        Map<String, Object> config = Redacted.of(gateway.config(), Map.of());
        downstream.respond(LocalResponse.json(200, JSON.writeValueAsBytes(config)));
    }

    /** Reloads, and answers what changed, or 400 with every problem. */
    public void reload(Exchange exchange, Downstream downstream) {
        background.execute(() -> {
            LocalResponse answer = reloaded();
            exchange.eventLoop().execute(() -> downstream.respond(answer));
        });
    }

    private LocalResponse reloaded() {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        try {
            ReloadReport report = gateway.reload();
            LOG.info("configuration reloaded through management: {}", report);
            answer.put("reloaded", true);
            answer.set("changed", JSON.valueToTree(report.changed()));
            answer.set("needs_restart", JSON.valueToTree(report.needRestart()));
            return LocalResponse.json(200, answer.toString());
        } catch (InvalidConfigurationException e) {
            answer.put("reloaded", false);
            ArrayNode problems = answer.putArray("problems");
            e.problems().stream().map(Problem::toString).forEach(problems::add);
            ObjectNode error = answer.putObject("error");
            error.put("message", "the configuration has problems and was not put in force; the old one stays")
                    .put("type", "invalid_request_error")
                    .putNull("param")
                    .put("code", "invalid_configuration");
            return LocalResponse.json(400, answer.toString());
        } catch (IOException | RuntimeException e) {
            LOG.error("reload failed, the old configuration stays in force", e);
            answer.put("reloaded", false);
            ObjectNode error = answer.putObject("error");
            error.put("message", String.valueOf(e.getMessage()))
                    .put("type", "server_error")
                    .putNull("param")
                    .putNull("code");
            return LocalResponse.json(500, answer.toString());
        }
    }

    /** What the balancer knows of each backend. */
    public void backends(Exchange exchange, Downstream downstream) throws Exception {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        ArrayNode list = answer.putArray("backends");
        for (Backend backend : gateway.fleet().current().backends().values()) {
            ObjectNode entry = list.addObject()
                    .put("name", backend.name())
                    .put("kind", backend.spec().kind().name().toLowerCase(Locale.ROOT))
                    .put("url", backend.spec().url().toString())
                    .put("state", backend.state())
                    .put("weight", backend.weight())
                    .put("in_flight", backend.inFlight())
                    .put("max_in_flight", backend.spec().maxInFlight())
                    .put("idle_connections", backend.idleConnections());
            knowledge(entry, backend);
        }
        downstream.respond(LocalResponse.json(200, JSON.writeValueAsBytes(answer)));
    }

    private static void knowledge(ObjectNode entry, Backend backend) {
        BackendKnowledge knowledge = backend.knowledge();
        entry.put("version", knowledge.version()).put("latency_ms", knowledge.latencyMillis());
        if (knowledge.isListed()) {
            ArrayNode has = entry.putArray("has");
            knowledge.models().values().forEach(has::add);
        }
        if (knowledge.tellsLoaded()) {
            ArrayNode loaded = entry.putArray("loaded");
            knowledge
                    .loaded()
                    .values()
                    .forEach(model -> loaded.addObject()
                            .put("name", model.name())
                            .put("size", model.sizeBytes())
                            .put("size_vram", model.vramBytes())
                            .put("context_length", model.contextLength())
                            .put("expires_at", model.expiresAt()));
        }
        ArrayNode models = entry.putArray("models");
        backend.hosted()
                .values()
                .forEach(model -> models.addObject()
                        .put("name", model.name())
                        .put("present", model.presence().name().toLowerCase(Locale.ROOT))
                        .put("residency", model.residency().name().toLowerCase(Locale.ROOT))
                        .put("in_flight", model.inFlight())
                        .put("load_ms", model.loadMillis())
                        .put("service_ms", model.serviceMillis())
                        .put("first_byte_ms", model.firstByteMillis()));
    }
}

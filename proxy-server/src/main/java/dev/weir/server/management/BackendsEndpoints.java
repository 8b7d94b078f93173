package dev.weir.server.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /management/backends/{name}/drain}, {@code …/enable} and {@code …/weight}: the balancer's controls. They hold
 * in this process: a drain until it is lifted, a weight until the next reload.
 */
public final class BackendsEndpoints {
    private static final Logger LOG = LoggerFactory.getLogger(BackendsEndpoints.class);
    private static final String PREFIX = "/management/backends/";
    private static final int MAX_WEIGHT = 1_000_000;

    private final GatewayControl gateway;

    public BackendsEndpoints(GatewayControl gateway) {
        this.gateway = gateway;
    }

    /** One backend's control, by the end of the path. */
    public Endpoint control() {
        return new BodyEndpoint(this::control);
    }

    private void control(Exchange exchange, ObjectNode body, Downstream downstream) throws GatewayException {
        String path = exchange.request().path().substring(PREFIX.length());
        int slash = path.lastIndexOf('/');
        String verb = path.substring(slash + 1);
        Backend backend = backend(slash < 0 ? path : path.substring(0, slash));
        switch (verb) {
            case "drain" -> backend.drain();
            case "enable" -> backend.enable();
            case "weight" -> backend.overrideWeight(weight(body));
            default ->
                throw new GatewayException(
                        GatewayError.NOT_FOUND, "a backend knows drain, enable and weight, not '" + verb + "'");
        }
        Identity identity = exchange.get(Identity.KEY);
        LOG.info(
                "backend {}: {} by {}: {}, weight {}, {} in flight",
                backend.name(),
                verb,
                identity == null ? "nobody" : identity.name(),
                backend.state(),
                backend.weight(),
                backend.inFlight());
        downstream.respond(LocalResponse.json(200, state(backend).toString()));
    }

    private Backend backend(String name) throws GatewayException {
        Map<String, Backend> backends = gateway.fleet().current().backends();
        Backend backend = backends.get(name);
        if (backend == null) {
            throw new GatewayException(
                    GatewayError.NOT_FOUND,
                    "no backend is called '" + name + "' (there are: " + String.join(", ", backends.keySet()) + ")");
        }
        return backend;
    }

    private static int weight(ObjectNode body) throws GatewayException {
        JsonNode weight = body.path("weight");
        if (!weight.isIntegralNumber() || weight.asLong() < 1 || weight.asLong() > MAX_WEIGHT) {
            throw BodyEndpoint.badRequest("weight: no whole number from 1 to " + MAX_WEIGHT, "weight");
        }
        return weight.asInt();
    }

    private static ObjectNode state(Backend backend) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("name", backend.name())
                .put("state", backend.state())
                .put("enabled", backend.isEnabled())
                .put("weight", backend.weight())
                .put("configured_weight", backend.spec().weight())
                .put("in_flight", backend.inFlight());
    }
}

package dev.weir.server.management;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import java.nio.charset.StandardCharsets;

/** {@code /healthz}, {@code /readyz} and {@code /health}. They look only at what this process knows already. */
public final class HealthEndpoints {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] ALIVE =
            "{\"ok\": true, \"note\": \"weir is running\"}".getBytes(StandardCharsets.US_ASCII);

    private final GatewayControl gateway;

    public HealthEndpoints(GatewayControl gateway) {
        this.gateway = gateway;
    }

    /** 200 while the process can answer. */
    public void liveness(Exchange exchange, Downstream downstream) {
        downstream.respond(LocalResponse.json(200, ALIVE));
    }

    /** 200 when a backend can serve and no drain has begun; who may manage is told why not. */
    public void readiness(Exchange exchange, Downstream downstream) throws Exception {
        boolean draining = gateway.isDraining();
        boolean served = anyBackendUp();
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("ready", served && !draining);
        Identity identity = exchange.get(Identity.KEY);
        if (identity != null && identity.mayManage()) {
            answer.put("draining", draining).put("backend_up", served);
        }
        downstream.respond(LocalResponse.json(served && !draining ? 200 : 503, JSON.writeValueAsBytes(answer)));
    }

    /** Status, version and uptime; with a key also every backend. */
    public void report(Exchange exchange, Downstream downstream) throws Exception {
        boolean healthy = anyBackendUp() && !gateway.isDraining();
        ObjectNode answer = JsonNodeFactory.instance
                .objectNode()
                .put("status", healthy ? "healthy" : gateway.isDraining() ? "draining" : "degraded")
                .put("version", gateway.version())
                .put("uptime", gateway.uptimeSeconds());
        if (exchange.get(Identity.KEY) != null) {
            ObjectNode backends = answer.putObject("backends");
            for (Backend backend : gateway.fleet().current().backends().values()) {
                backends.putObject(backend.name()).put("state", backend.state()).put("in_flight", backend.inFlight());
            }
        }
        downstream.respond(LocalResponse.json(200, JSON.writeValueAsBytes(answer)));
    }

    private boolean anyBackendUp() {
        for (Backend backend : gateway.fleet().current().backends().values()) {
            if (backend.state().equals("up")) {
                return true;
            }
        }
        return false;
    }
}

package dev.weir.server.management;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.auth.StoredKeys;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Redis;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** {@code /healthz}, {@code /readyz} and {@code /health}. They look only at what this process knows already. */
public final class HealthEndpoints {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] ALIVE =
            "{\"ok\": true, \"note\": \"weir is running\"}".getBytes(StandardCharsets.US_ASCII);

    private final GatewayControl gateway;
    private final Readiness readiness;

    public HealthEndpoints(GatewayControl gateway, Readiness readiness) {
        this.gateway = gateway;
        this.readiness = readiness;
    }

    /** 200 while the process can answer. */
    public void liveness(Exchange exchange, Downstream downstream) {
        downstream.respond(LocalResponse.json(200, ALIVE));
    }

    /**
     * 200 when a backend can serve, no drain has begun, and no store is away that every request needs; who may manage is told
     * why not.
     */
    public void readiness(Exchange exchange, Downstream downstream) throws Exception {
        List<String> obstacles = readiness.obstacles();
        boolean ready = obstacles.isEmpty();
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("ready", ready);
        if (mayManage(exchange)) {
            answer.put("draining", gateway.isDraining()).put("backend_up", readiness.anyBackendUp());
            ArrayNode reasons = answer.putArray("reasons");
            obstacles.forEach(reasons::add);
            stores(answer);
        }
        downstream.respond(LocalResponse.json(ready ? 200 : 503, JSON.writeValueAsBytes(answer)));
    }

    /** Status, version and uptime; with a key also every backend, and the stores for who may manage. */
    public void report(Exchange exchange, Downstream downstream) throws Exception {
        boolean healthy = readiness.obstacles().isEmpty() && storesAreUp();
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
        if (mayManage(exchange)) {
            stores(answer);
        }
        downstream.respond(LocalResponse.json(200, JSON.writeValueAsBytes(answer)));
    }

    private static boolean mayManage(Exchange exchange) {
        Identity identity = exchange.get(Identity.KEY);
        return identity != null && identity.mayManage();
    }

    private void stores(ObjectNode answer) {
        Database database = readiness.stores().database();
        StoredKeys keys = readiness.stores().keys();
        ObjectNode stores = answer.putObject("stores");
        stores.putObject("database")
                .put("kind", database.kind().name().toLowerCase(Locale.ROOT))
                .put("up", database.isUp())
                .put("bridged", !database.isUp() && keys.isLoaded())
                .put("trouble", database.trouble())
                .put("keys_known", keys.size())
                .put("keys_current", keys.isCurrent());
        Redis redis = readiness.stores().redis();
        if (redis != null) {
            stores.putObject("redis")
                    .put("up", redis.isUp())
                    .put("bridged", !redis.isUp() && readiness.isBridgingRedis());
        }
    }

    private boolean storesAreUp() {
        Redis redis = readiness.stores().redis();
        return readiness.stores().database().isUp() && (redis == null || redis.isUp());
    }
}

package dev.weir.backends;

import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.ModelPatterns;
import dev.weir.core.ModelRequest;
import java.util.List;

/** Leads a request to the group that serves the model its body names. */
public final class ModelEndpoint implements Endpoint {
    private final ModelCatalog catalog;
    private final long heartbeatMillis;

    /** Without heartbeats. */
    public ModelEndpoint(ModelCatalog catalog) {
        this(catalog, 0);
    }

    /** @param heartbeatMillis how often a client that waits for a stream's first token hears of Weir; 0 for never */
    public ModelEndpoint(ModelCatalog catalog, long heartbeatMillis) {
        this.catalog = catalog;
        this.heartbeatMillis = heartbeatMillis;
    }

    @Override
    public boolean needsBody() {
        return true;
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) throws GatewayException {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (request == null) {
            throw new IllegalStateException("route " + exchange.route().name() + ": no request reader");
        }
        Identity.requireModel(exchange, request.model());
        BackendGroup group = catalog.find(request.model());
        if (group == null) {
            throw unknown(request.model(), catalog, Identity.modelsOf(exchange));
        }
        group.serve(exchange, downstream, heartbeatMillis);
    }

    /** A 404 that names what the client may have meant, of the models it may use. */
    static GatewayException unknown(String model, ModelCatalog catalog, ModelPatterns allowed) {
        List<String> near = NearMatches.of(
                model, catalog.names().stream().filter(allowed::allow).toList());
        String hint = near.isEmpty()
                ? "GET /v1/models lists those there are"
                : "did you mean " + String.join(" or ", near) + "?";
        return new GatewayException(GatewayError.MODEL_NOT_FOUND, "model '" + model + "' not found: " + hint)
                .param("model");
    }
}

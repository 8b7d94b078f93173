package dev.weir.backends;

import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.core.ModelRequest;
import java.util.List;

/**
 * {@code POST /api/show}: asked of an Ollama backend that serves the model. Of a model that no Ollama serves it says as much
 * as Weir knows: that it completes text.
 */
public final class OllamaShowEndpoint implements Endpoint {
    private static final String UNKNOWN = "{\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\",\"details\":"
            + "{\"parent_model\":\"\",\"format\":\"\",\"family\":\"\",\"families\":null,\"parameter_size\":\"\","
            + "\"quantization_level\":\"\"},\"model_info\":{},\"capabilities\":[\"completion\"]}";

    private final ModelCatalog catalog;

    public OllamaShowEndpoint(ModelCatalog catalog) {
        this.catalog = catalog;
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
            throw ModelEndpoint.unknown(request.model(), catalog, Identity.modelsOf(exchange));
        }
        List<Target> ollamas = group.targets().stream()
                .filter(target -> target.backend().spec().kind() == BackendSpec.Kind.OLLAMA)
                .toList();
        if (ollamas.isEmpty()) {
            downstream.respond(LocalResponse.json(200, UNKNOWN));
        } else if (ollamas.size() == group.targets().size()) {
            group.serve(exchange, downstream, 0);
        } else {
            new BackendGroup(group.name(), ollamas, group.settings(), group.events()).serve(exchange, downstream, 0);
        }
    }
}

package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.ModelRequest;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import io.netty.buffer.ByteBuf;

/**
 * Understands a request in Ollama's own form (docs/api.md): JSON, whatever its header says, and a chat or a text is streamed
 * unless the client says no. Any thread.
 */
public final class OllamaRequestReader implements Route.RequestReader {
    private final ModelCatalog catalog;
    private final boolean streams;

    /**
     * @param catalog knows the models by every spelling of their names
     * @param streams whether the answer is a stream unless the request says otherwise
     */
    public OllamaRequestReader(ModelCatalog catalog, boolean streams) {
        this.catalog = catalog;
        this.streams = streams;
    }

    /** Leaves what it reads under {@link ModelRequest#KEY}. */
    @Override
    public void read(Exchange exchange) throws GatewayException {
        examine(exchange.request(), exchange.body()).into(exchange);
    }

    @Override
    public Route.Reading examine(RequestHead head, ByteBuf body) throws GatewayException {
        JsonModelScan scan = JsonModelScan.of(body);
        ModelRequest found = scan.result();
        boolean stream = found.stream() || (streams && scan.streamSpan() == null);
        ModelRequest request = catalog.resolved(
                new ModelRequest(found.model(), found.modelSpan(), true, stream, found.maxCompletionTokensName()));
        return exchange -> {
            Identity.requireModel(exchange, request.model());
            exchange.set(ModelRequest.KEY, request);
        };
    }
}

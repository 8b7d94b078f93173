package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.ModelRequest;
import dev.weir.core.Route;

/**
 * Understands a request in Ollama's own form (docs/api.md): JSON, whatever its header says, and a chat or a text is streamed
 * unless the client says no. Stateless; runs on the event loop.
 */
public final class OllamaRequestReader implements Route.RequestReader {
    private final boolean streams;

    /** @param streams whether the answer is a stream unless the request says otherwise */
    public OllamaRequestReader(boolean streams) {
        this.streams = streams;
    }

    /** Leaves what it reads under {@link ModelRequest#KEY}. */
    @Override
    public void read(Exchange exchange) throws GatewayException {
        JsonModelScan scan = JsonModelScan.of(exchange.body());
        ModelRequest request = scan.result();
        Identity.requireModel(exchange, request.model());
        boolean stream = request.stream() || (streams && scan.streamSpan() == null);
        exchange.set(
                ModelRequest.KEY,
                new ModelRequest(
                        request.model(), request.modelSpan(), true, stream, request.maxCompletionTokensName()));
    }
}

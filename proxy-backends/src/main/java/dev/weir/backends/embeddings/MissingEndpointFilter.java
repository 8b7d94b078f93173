package dev.weir.backends.embeddings;

import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Looks whether an Ollama refuses a request because it has no such endpoint: its router then says 404 in plain text, while a
 * model that is missing is told in JSON. That answer is dropped, and the request begins anew. Runs on the event loop.
 */
final class MissingEndpointFilter implements ResponseFilter {
    private final EmbeddingsEndpoint endpoint;
    private final Exchange exchange;
    private final ModelRequest request;
    private boolean dropping;

    MissingEndpointFilter(EmbeddingsEndpoint endpoint, Exchange exchange, ModelRequest request) {
        this.endpoint = endpoint;
        this.exchange = exchange;
        this.request = request;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        dropping = head.status() == 404 && !isJson(head.headers().get("Content-Type"));
        if (!dropping) {
            next.writeHead(head);
        }
    }

    private static boolean isJson(@Nullable String contentType) {
        return contentType != null && contentType.regionMatches(true, 0, "application/json", 0, 16);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        if (!dropping) {
            next.writeBody(part, last);
            return;
        }
        part.release();
        if (last) {
            beginAnew(next);
        }
    }

    private void beginAnew(Downstream next) {
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        try {
            endpoint.endpointIsMissing(exchange, next, request, dispatch == null ? "" : dispatch.backend());
        } catch (GatewayException e) {
            next.fail(e);
        }
    }

    @Override
    public void onFailure(GatewayException failure, Downstream next) {
        next.fail(failure);
    }
}

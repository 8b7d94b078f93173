package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;

/**
 * Understands what an agent asks for: a chat ({@code messages}) or a completion ({@code prompt}), whichever its path names.
 * The answer is always a stream, so {@code stream} is set where it is not. Any thread.
 */
public final class AgentRequestReader implements Route.RequestReader {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static final byte[] FIELD = "\"stream\":true,".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);

    private final ModelCatalog catalog;

    /** @param catalog knows the models by every spelling of their names */
    public AgentRequestReader(ModelCatalog catalog) {
        this.catalog = catalog;
    }

    /** Leaves what it reads under {@link ModelRequest#KEY}; reads again what it had to edit. */
    @Override
    public void read(Exchange exchange) throws GatewayException {
        examine(exchange.request(), exchange.body()).into(exchange);
    }

    @Override
    public Route.Reading examine(RequestHead head, ByteBuf body) throws GatewayException {
        JsonModelScan scan = ModelRequestReader.readJson(head.headers(), body);
        ModelRequest request = catalog.resolved(scan.result());
        return exchange -> leave(scan, request, exchange);
    }

    private static void leave(JsonModelScan scan, ModelRequest request, Exchange exchange) throws GatewayException {
        Identity.requireModel(exchange, request.model());
        if (!request.stream()) {
            BodyEdits edits = new BodyEdits(exchange.body());
            Span given = scan.streamSpan();
            if (given == null) {
                edits.replace(scan.firstField(), FIELD);
            } else {
                edits.replace(given, TRUE);
            }
            exchange.replaceBody(edits.composite(PooledByteBufAllocator.DEFAULT));
            return;
        }
        exchange.set(UpstreamPath.KEY, path(exchange.request().path(), scan));
        exchange.set(ModelRequest.KEY, request);
    }

    private static String path(String asked, JsonModelScan scan) throws GatewayException {
        if (scan.has("messages")) {
            return CHAT;
        }
        if (scan.has("prompt")) {
            return COMPLETIONS;
        }
        boolean completions = asked.endsWith("/completions") && !asked.endsWith("/chat/completions");
        String expected = completions ? "prompt" : "messages";
        throw ModelRequestReader.badRequest(expected + ": missing (expected: messages or prompt)")
                .param(expected);
    }
}

package dev.weir.server;

import dev.weir.core.Dialect;
import dev.weir.core.Endpoint;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import dev.weir.core.Router;
import java.util.List;

/** Sends plain requests to the encrypted listener; 308 keeps their method and body. */
final class HttpsRedirect implements Router {
    private final Route route;

    /**
     * @param port the encrypted listener's port
     */
    HttpsRedirect(int port) {
        this.route = new Route(
                "redirect",
                Route.Access.OPEN,
                Dialect.OPENAI,
                List.of(),
                Endpoint.answering(exchange -> redirect(exchange.request(), port)),
                null,
                0);
    }

    private static LocalResponse redirect(RequestHead request, int port) throws GatewayException {
        String host = request.host();
        if (host.isEmpty()) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "this address speaks HTTPS only, on port " + port);
        }
        int colon = host.lastIndexOf(':');
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        String location = "https://" + name + (port == 443 ? "" : ":" + port) + request.target();
        return LocalResponse.empty(308).with("Location", location);
    }

    @Override
    public Route route(RequestHead head) {
        return route;
    }
}

package dev.weir.server;

import dev.weir.core.Dialect;
import dev.weir.core.Endpoint;
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
                Endpoint.answering(
                        exchange -> LocalResponse.empty(308).with("Location", location(exchange.request(), port))),
                null,
                0);
    }

    private static String location(RequestHead request, int port) {
        String host = request.host();
        int colon = host.lastIndexOf(':');
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        return "https://" + name + (port == 443 ? "" : ":" + port) + request.target();
    }

    @Override
    public Route route(RequestHead head) {
        return route;
    }
}

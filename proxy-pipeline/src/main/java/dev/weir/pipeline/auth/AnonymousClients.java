package dev.weir.pipeline.auth;

import dev.weir.core.CidrSet;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import java.util.List;

/** The clients that may call without a key, limited all together. Any thread. */
final class AnonymousClients {
    static final Identity IDENTITY = new Identity("anonymous", false, false);

    private final List<String> routes;
    private final CidrSet from;
    private final int requestsPerMinute;
    private final RequestBucket bucket;

    AnonymousClients(AuthSettings.Anonymous settings) {
        routes = settings.routes();
        from = CidrSet.of(settings.from());
        requestsPerMinute = settings.requestsPerMinute();
        bucket = new RequestBucket(requestsPerMinute, System.nanoTime());
    }

    /** Whether a request that carries no key is one of theirs. */
    boolean include(Exchange exchange) {
        return from.contains(exchange.clientAddress())
                && matches(exchange.request().path());
    }

    /** Compares the path as it was sent: an encoded spelling of an allowed path needs a key. */
    private boolean matches(String path) {
        for (String route : routes) {
            int last = route.length() - 1;
            boolean matches = route.charAt(last) == '*' ? path.regionMatches(0, route, 0, last) : path.equals(route);
            if (matches) {
                return true;
            }
        }
        return false;
    }

    /** Counts one request, or refuses it. */
    void countRequest() throws GatewayException {
        long waitMillis = bucket.take(System.nanoTime());
        if (waitMillis > 0) {
            throw new GatewayException(
                            GatewayError.RATE_LIMITED,
                            "clients without an API key may send " + requestsPerMinute
                                    + " requests a minute together: wait, or send a key")
                    .retryAfterMillis(waitMillis);
        }
    }
}

package dev.weir.pipeline.cors;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.Headers;
import dev.weir.core.Middleware;
import dev.weir.core.RequestHead;
import dev.weir.core.Verdict;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Cross-origin calls from browsers (WHATWG Fetch section 3.3, the CORS protocol). Stands before auth, since a preflight
 * carries no key: preflights are answered here, other answers get their headers from a {@link CorsFilter}.
 *
 * <p>To an origin that is not allowed a preflight answers 403, which says in the log and in the browser's tools what is
 * wrong; the browser refuses the call as it would after any answer without CORS headers. Other requests of such an origin go
 * their way without these headers: CORS keeps a page from reading an answer, the key decides who gets one.
 *
 * <p>Where every origin is allowed alike, an answer to a request without Origin says so too: a cache may give it to a page
 * (Fetch section 3.3.5).
 */
final class CorsMiddleware implements Middleware {
    private static final Verdict REFUSED = Verdict.reject(
            GatewayError.FORBIDDEN,
            "pages of this origin may not call from a browser: the origins in the settings of cors may");

    private final Set<String> origins;
    private final boolean anyOrigin;
    private final boolean echoesOrigin;
    private final Preflight preflight;
    private final ExposedHeaders exposed;
    private final boolean credentials;
    private final CorsFilter openToAll;
    private final CorsFilter withoutOrigin;
    private final CorsFilter closed;

    CorsMiddleware(CorsSettings settings) {
        origins = Set.copyOf(settings.origins());
        anyOrigin = settings.anyOrigin();
        echoesOrigin = settings.variesByOrigin();
        credentials = settings.credentials();
        preflight = new Preflight(settings);
        exposed = new ExposedHeaders(settings.expose());
        openToAll = new CorsFilter("*", false, false, exposed);
        closed = new CorsFilter(null, echoesOrigin, false, exposed);
        withoutOrigin = echoesOrigin ? closed : new CorsFilter("*", false, false, new ExposedHeaders(List.of()));
    }

    @Override
    public Verdict onRequest(Exchange exchange) {
        RequestHead request = exchange.request();
        Headers headers = request.headers();
        String origin = headers.get("Origin");
        if (origin == null) {
            exchange.filterResponse(withoutOrigin);
            return Verdict.PROCEED;
        }
        String allowed = allowed(origin);
        if (Preflight.is(request)) {
            return allowed == null ? REFUSED : Verdict.respond(preflight.answer(headers, allowed));
        }
        exchange.filterResponse(filter(allowed));
        return Verdict.PROCEED;
    }

    /** What {@code Access-Control-Allow-Origin} says to the origin, or null for nothing. */
    private @Nullable String allowed(String origin) {
        if (!echoesOrigin) {
            return "*";
        }
        return anyOrigin || origins.contains(origin) ? origin : null;
    }

    private CorsFilter filter(@Nullable String allowed) {
        if (allowed == null) {
            return closed;
        }
        return echoesOrigin ? new CorsFilter(allowed, true, credentials, exposed) : openToAll;
    }
}

package dev.weir.pipeline.security;

import dev.weir.core.Exchange;
import dev.weir.core.Middleware;
import dev.weir.core.Verdict;

/** Has every answer pass the {@link SecurityHeadersFilter}. Stands first, so that no answer goes round it. */
final class SecurityHeadersMiddleware implements Middleware {
    private static final SecurityHeadersFilter FILTER = new SecurityHeadersFilter();

    @Override
    public Verdict onRequest(Exchange exchange) {
        exchange.filterResponse(FILTER);
        return Verdict.PROCEED;
    }
}

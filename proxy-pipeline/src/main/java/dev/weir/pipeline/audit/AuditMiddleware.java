package dev.weir.pipeline.audit;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Middleware;
import dev.weir.core.Route.Access;
import dev.weir.core.Verdict;
import dev.weir.pipeline.audit.AuditSettings.Mode;

/**
 * Has every exchange written down when it is over, however it ends: those behind it in the chain may refuse it. Of routes
 * open to everybody only what is refused is written, for they are asked by machines all day. Thread-safe.
 */
final class AuditMiddleware implements Middleware {
    private static final long RETRY_MILLIS = 2_000;

    private final AuditWriter writer;
    private final Redaction redaction;
    private final boolean required;
    private final int maxBodyBytes;

    AuditMiddleware(AuditSettings settings, AuditWriter writer) {
        this.writer = writer;
        this.redaction = new Redaction(settings.redact());
        this.required = settings.mode() == Mode.REQUIRED;
        this.maxBodyBytes = settings.bodies() ? (int) settings.bodyLimit().bytes() : 0;
    }

    @Override
    public Verdict onRequest(Exchange exchange) {
        Access access = exchange.route().access();
        boolean reserve = required && access != Access.OPEN;
        if (reserve && !writer.reserve()) {
            return Verdict.reject(new GatewayException(
                            GatewayError.STORE_UNAVAILABLE,
                            "requests must be audited, and there is no room for more records now")
                    .retryAfterMillis(RETRY_MILLIS));
        }
        // What management sends and is shown holds keys, and the audit itself.
        int kept = access == Access.CLIENT ? maxBodyBytes : 0;
        exchange.filterResponse(new AuditFilter(exchange, writer, redaction, kept, reserve));
        return Verdict.PROCEED;
    }
}

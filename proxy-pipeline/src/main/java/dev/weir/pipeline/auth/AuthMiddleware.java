package dev.weir.pipeline.auth;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.Middleware;
import dev.weir.core.Route.Access;
import dev.weir.core.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who sends a request, leaves the {@link Identity} in the exchange, and refuses whoever may not use the route.
 * Looks at the head only. Open routes refuse nobody, but learn who a valid key belongs to, for they may tell more to some.
 * What it tells a client never holds a key.
 */
final class AuthMiddleware implements Middleware {
    private static final Verdict NO_KEY = Verdict.reject(
            GatewayError.INVALID_API_KEY,
            "no API key was sent: send one as \"Authorization: Bearer KEY\" or as \"x-api-key: KEY\"");
    private static final Verdict WRONG_KEY =
            Verdict.reject(GatewayError.INVALID_API_KEY, "the API key that was sent is not valid");
    private static final Verdict MANAGEMENT_ONLY = Verdict.reject(
            GatewayError.FORBIDDEN, "this key may use management routes only: send an API key for clients here");
    private static final Verdict NO_MANAGEMENT = Verdict.reject(
            GatewayError.FORBIDDEN,
            "this key may not use management routes: send the management key or the master key");

    private static final Verdict ONLY_READS = Verdict.reject(
            GatewayError.FORBIDDEN, "this key may only look at management (GET): send one of scope management");

    private final ConfiguredKeys configured;
    private final KeyStore stored;
    private final TokenBudgets budgets;
    private final LastUses uses;
    private final FailedKeys failed;
    private final @Nullable AnonymousClients anonymous;

    /** Null for {@code anonymous} means that every client needs a key. */
    AuthMiddleware(
            ConfiguredKeys configured,
            KeyStore stored,
            TokenBudgets budgets,
            LastUses uses,
            FailedKeys failed,
            @Nullable AnonymousClients anonymous) {
        this.configured = configured;
        this.stored = stored;
        this.budgets = budgets;
        this.uses = uses;
        this.failed = failed;
        this.anonymous = anonymous;
    }

    @Override
    public Verdict onRequest(Exchange exchange) throws GatewayException {
        Access access = exchange.route().access();
        String key = SentKey.of(exchange.request().headers());
        if (access == Access.OPEN) {
            return key == null ? Verdict.PROCEED : recognized(exchange, key);
        }
        if (key == null) {
            return withoutKey(exchange, access);
        }
        byte[] digest = KeyDigest.ofSent(key);
        Grant grant = configured.find(digest);
        if (grant == null) {
            grant = stored.find(digest);
            if (grant == null) {
                return failed.note(exchange, WRONG_KEY);
            }
            uses.note(grant.identity().id());
        }
        if (!grant.allows(access)) {
            return access == Access.MANAGEMENT ? NO_MANAGEMENT : MANAGEMENT_ONLY;
        }
        // Known from here on, so that what refuses it can be laid at its door.
        exchange.set(Identity.KEY, grant.identity());
        if (access == Access.MANAGEMENT) {
            return grant.allowsManagement(exchange.request()) ? Verdict.PROCEED : ONLY_READS;
        }
        if (!grant.budget().isNone()) {
            budgets.admit(grant.identity(), grant.budget());
            exchange.set(KeyBudget.KEY, grant.budget());
        }
        return Verdict.PROCEED;
    }

    private Verdict recognized(Exchange exchange, String key) {
        try {
            byte[] digest = KeyDigest.ofSent(key);
            Grant grant = configured.find(digest);
            grant = grant == null ? stored.find(digest) : grant;
            if (grant == null) {
                // What an open route tells the holders of keys tells whether one is valid.
                return failed.note(exchange, Verdict.PROCEED);
            }
            exchange.set(Identity.KEY, grant.identity());
        } catch (GatewayException notNow) {
            // An open route is open while keys cannot be looked up, and for keys that are good no more.
        }
        return Verdict.PROCEED;
    }

    private Verdict withoutKey(Exchange exchange, Access access) throws GatewayException {
        if (anonymous == null || access != Access.CLIENT || !anonymous.include(exchange)) {
            return NO_KEY;
        }
        anonymous.countRequest();
        exchange.set(Identity.KEY, AnonymousClients.IDENTITY);
        return Verdict.PROCEED;
    }
}

package dev.weir.pipeline.limit;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.Limits;
import dev.weir.core.Middleware;
import dev.weir.core.ModelProfiles;
import dev.weir.core.ModelRequest;
import dev.weir.core.Route.Access;
import dev.weir.core.Verdict;
import dev.weir.pipeline.limit.Subject.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what goes beyond the limits of a key, a model or all clients together. What is open to everybody is not limited, nor
 * is the master key. Thread-safe.
 */
final class LimitMiddleware implements Middleware {
    private static final Verdict STORE_AWAY = Verdict.reject(new GatewayException(
                    GatewayError.STORE_UNAVAILABLE, "limits cannot be looked up now: try again in a moment")
            .retryAfterMillis(1_000));

    private final LimitSettings settings;
    private final Limits perKey;
    private final Limits management;
    private final @Nullable Subject global;
    private final long burstMicros;
    private final ModelProfiles models;
    private final SharedLimits shared;
    private final @Nullable RedisLimits redis;

    /** Null for {@code redis} means that this process counts alone. */
    LimitMiddleware(LimitSettings settings, ModelProfiles models, SharedLimits shared, @Nullable RedisLimits redis) {
        this.settings = settings;
        this.perKey = settings.perKey().limits();
        this.management = settings.management().limits();
        Limits all = settings.global().limits();
        this.global = all.equals(Limits.NONE) ? null : new Subject(Kind.GLOBAL, "", all);
        this.burstMicros = TimeUnit.NANOSECONDS.toMicros(settings.burst().toNanos());
        this.models = models;
        this.shared = shared;
        this.redis = redis;
    }

    /** Models and tokens stand in the body; requests alone are counted on the head. */
    @Override
    public boolean needsBody(Exchange exchange) {
        if (exchange.route().access() != Access.CLIENT || exchange.route().requestReader() == null) {
            return false;
        }
        Identity identity = exchange.get(Identity.KEY);
        if (identity != null && identity.unlimited()) {
            return false;
        }
        return models.anyLimits()
                || (global != null && global.tokenRate() > 0)
                || (identity != null && identity.limits().orElse(perKey).tokensPerMinute() > 0);
    }

    @Override
    public Verdict onRequest(Exchange exchange) {
        List<Subject> subjects = subjects(exchange);
        if (subjects.isEmpty()) {
            return Verdict.PROCEED;
        }
        boolean countsTokens = false;
        for (Subject subject : subjects) {
            countsTokens |= subject.tokenRate() > 0;
        }
        Demand demand = new Demand(subjects, countsTokens ? TokenEstimate.of(exchange) : 0, burstMicros);
        LimitFilter filter = new LimitFilter(exchange, demand);
        exchange.filterResponse(filter);
        return redis == null
                ? verdict(filter, shared.memory().take(demand))
                : Verdict.await(askRedis(redis, exchange, demand, filter));
    }

    private List<Subject> subjects(Exchange exchange) {
        Access access = exchange.route().access();
        Identity identity = exchange.get(Identity.KEY);
        if (access == Access.OPEN || (identity != null && identity.unlimited())) {
            return List.of();
        }
        if (access == Access.MANAGEMENT) {
            return identity == null || management.equals(Limits.NONE)
                    ? List.of()
                    : List.of(new Subject(Kind.MANAGEMENT, identity.id(), management));
        }
        List<Subject> subjects = new ArrayList<>(3);
        if (identity != null) {
            add(subjects, Kind.KEY, identity.id(), identity.limits().orElse(perKey));
        }
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (request != null) {
            add(
                    subjects,
                    Kind.MODEL,
                    request.model(),
                    models.of(request.model()).limits());
        }
        if (global != null) {
            subjects.add(global);
        }
        return subjects;
    }

    private static void add(List<Subject> subjects, Kind kind, String id, Limits limits) {
        if (!limits.equals(Limits.NONE)) {
            subjects.add(new Subject(kind, id, limits));
        }
    }

    private CompletableFuture<Verdict> askRedis(
            RedisLimits store, Exchange exchange, Demand demand, LimitFilter filter) {
        CompletableFuture<Verdict> pending = new CompletableFuture<>();
        store.take(demand).whenComplete((decision, failure) -> {
            if (exchange.eventLoop().inEventLoop()) {
                pending.complete(verdict(demand, filter, decision, failure));
            } else {
                exchange.eventLoop().execute(() -> pending.complete(verdict(demand, filter, decision, failure)));
            }
        });
        return pending;
    }

    private Verdict verdict(
            Demand demand, LimitFilter filter, @Nullable Decision decision, @Nullable Throwable failure) {
        if (decision != null) {
            shared.storeAnswered();
            return verdict(filter, decision);
        }
        shared.storeFailed(failure, settings.onStoreFailure());
        return switch (settings.onStoreFailure()) {
            case LOCAL -> verdict(filter, shared.memory().take(demand));
            case ALLOW -> Verdict.PROCEED;
            case REJECT -> STORE_AWAY;
        };
    }

    private Verdict verdict(LimitFilter filter, Decision decision) {
        filter.decided(decision);
        if (!(decision instanceof Decision.Refused refusal)) {
            return Verdict.PROCEED;
        }
        shared.refused(refusal);
        long waitMillis = TimeUnit.MICROSECONDS.toMillis(refusal.waitMicros()) + 1;
        return Verdict.reject(new GatewayException(GatewayError.RATE_LIMITED, detail(refusal, waitMillis))
                .retryAfterMillis(waitMillis));
    }

    private static String detail(Decision.Refused refusal, long waitMillis) {
        Limits limits = refusal.subject().limits();
        String limit = switch (refusal.quantity()) {
            case REQUESTS -> limits.requestsPerMinute() + " requests a minute";
            case TOKENS -> limits.tokensPerMinute() + " tokens a minute";
            case PARALLEL -> limits.parallel() + " requests at once";
        };
        return "the limit of " + refusal.subject().kind().words() + ", " + limit + ", is reached: try again in "
                + LimitHeaders.duration(TimeUnit.MILLISECONDS.toMicros(waitMillis));
    }
}

package dev.weir.pipeline.limit;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;
import dev.weir.pipeline.limit.LimitSettings.Store;

/** Makes the {@code rate_limit} middleware. */
public final class LimitFactory implements MiddlewareFactory<LimitSettings> {
    @Override
    public String name() {
        return "rate_limit";
    }

    @Override
    public Class<LimitSettings> settings() {
        return LimitSettings.class;
    }

    @Override
    public Middleware create(LimitSettings settings, Services services) {
        return create(settings, services, SharedLimits.of(services));
    }

    static Middleware create(LimitSettings settings, Services services, SharedLimits shared) {
        if (settings.store() == Store.REDIS && shared.redis() == null) {
            throw new IllegalArgumentException("store: redis (expected: redis.url says where it is, or store: auto)");
        }
        return new LimitMiddleware(
                settings, services.models(), shared, settings.store() == Store.MEMORY ? null : shared.redis());
    }
}

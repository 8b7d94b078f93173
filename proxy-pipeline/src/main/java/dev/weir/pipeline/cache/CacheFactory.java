package dev.weir.pipeline.cache;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code cache} middleware. */
public final class CacheFactory implements MiddlewareFactory<CacheSettings> {
    @Override
    public String name() {
        return "cache";
    }

    @Override
    public Class<CacheSettings> settings() {
        return CacheSettings.class;
    }

    @Override
    public Middleware create(CacheSettings settings, Services services) {
        ResponseCache cache = ResponseCache.of(services);
        cache.resize(settings.maxSize().bytes());
        return new CacheMiddleware(settings, cache, CacheStore.NONE, services.models());
    }
}

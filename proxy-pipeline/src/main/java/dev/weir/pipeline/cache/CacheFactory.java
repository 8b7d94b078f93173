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
        return new CacheMiddleware(settings, cache, store(settings, cache), services.models());
    }

    private static CacheStore store(CacheSettings settings, ResponseCache cache) {
        if (settings.store() == CacheSettings.Store.REDIS && !cache.isShared()) {
            throw new IllegalArgumentException("store: redis (expected: auto or memory, since redis.url is empty)");
        }
        return settings.store() == CacheSettings.Store.MEMORY ? CacheStore.NONE : cache.store();
    }
}

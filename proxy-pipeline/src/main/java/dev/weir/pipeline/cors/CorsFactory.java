package dev.weir.pipeline.cors;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code cors} middleware. */
public final class CorsFactory implements MiddlewareFactory<CorsSettings> {
    @Override
    public String name() {
        return "cors";
    }

    @Override
    public Class<CorsSettings> settings() {
        return CorsSettings.class;
    }

    @Override
    public Middleware create(CorsSettings settings, Services services) {
        return new CorsMiddleware(settings);
    }
}

package dev.weir.pipeline.transform;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code transform} middleware. */
public final class TransformFactory implements MiddlewareFactory<TransformSettings> {
    @Override
    public String name() {
        return "transform";
    }

    @Override
    public Class<TransformSettings> settings() {
        return TransformSettings.class;
    }

    @Override
    public Middleware create(TransformSettings settings, Services services) {
        return new TransformMiddleware(settings, services.models());
    }
}

package dev.weir.pipeline.usage;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code usage} middleware. */
public final class UsageFactory implements MiddlewareFactory<UsageSettings> {
    @Override
    public String name() {
        return "usage";
    }

    @Override
    public Class<UsageSettings> settings() {
        return UsageSettings.class;
    }

    @Override
    public Middleware create(UsageSettings settings, Services services) {
        return new UsageMiddleware(settings, UsageRecorder.of(services));
    }
}

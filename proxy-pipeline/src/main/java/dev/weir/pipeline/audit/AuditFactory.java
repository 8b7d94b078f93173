package dev.weir.pipeline.audit;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code audit} middleware. */
public final class AuditFactory implements MiddlewareFactory<AuditSettings> {
    @Override
    public String name() {
        return "audit";
    }

    @Override
    public Class<AuditSettings> settings() {
        return AuditSettings.class;
    }

    @Override
    public Middleware create(AuditSettings settings, Services services) {
        AuditWriter writer = AuditWriter.of(services);
        writer.settings(
                settings.queue(),
                services.stateDirectory().resolve(settings.spillDirectory()),
                settings.spillMax().bytes(),
                settings.retention());
        return new AuditMiddleware(settings, writer);
    }
}

package dev.weir.pipeline.security;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code security_headers} middleware. */
public final class SecurityHeadersFactory implements MiddlewareFactory<SecurityHeadersSettings> {
    @Override
    public String name() {
        return "security_headers";
    }

    @Override
    public Class<SecurityHeadersSettings> settings() {
        return SecurityHeadersSettings.class;
    }

    @Override
    public Middleware create(SecurityHeadersSettings settings, Services services) {
        return new SecurityHeadersMiddleware();
    }
}

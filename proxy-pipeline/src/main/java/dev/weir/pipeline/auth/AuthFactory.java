package dev.weir.pipeline.auth;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;

/** Makes the {@code auth} middleware. */
public final class AuthFactory implements MiddlewareFactory<AuthSettings> {
    @Override
    public String name() {
        return "auth";
    }

    @Override
    public Class<AuthSettings> settings() {
        return AuthSettings.class;
    }

    @Override
    public Middleware create(AuthSettings settings, Services services) {
        AuthSettings.Anonymous anonymous = settings.anonymous();
        StoredKeys stored = StoredKeys.of(services);
        stored.settings(settings.keys().poll(), settings.keys().maxStale());
        return new AuthMiddleware(
                new ConfiguredKeys(settings.masterKey(), settings.managementKey()),
                stored,
                TokenBudgets.of(services),
                LastUses.of(services),
                FailedKeys.of(services),
                anonymous == null ? null : new AnonymousClients(anonymous));
    }
}

package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, validated. One component per block of the file; what a missing key means stands in its
 * {@code @Default}. {@code auth} and the sections of {@code middleware} are bound later, by the modules they belong to.
 */
public record WeirConfig(
        @Default("{}") ServerConfig server,
        @Default("{}") Section auth,
        @Default("{}") DatabaseConfig database,
        @Default("{}") RedisConfig redis,
        @Default("{}") Map<String, BackendConfig> backends,
        @Default("{}") BackendDefaults backendDefaults,
        @Default("{}") Map<String, ModelConfig> models,
        @Default("true") boolean discoverModels,

        @Default("[cors, audit, usage, auth, rate_limit, cache, transform]")
        List<String> pipeline,

        @Default("[]") List<RouteConfig> routes,
        @Default("15s") Duration heartbeat,
        @Default("{}") Map<String, Section> middleware,
        @Default("{}") Map<String, AgentConfig> agents,
        @Default("true") boolean securityHeaders,
        @Default("{}") LoggingConfig logging,
        @Default("{}") MetricsConfig metrics,
        @Default("{}") PluginsConfig plugins) {

    /** The blocks of the file by their keys, secrets included. */
    public Map<String, @Nullable Object> blocks() {
        return Setting.values(this);
    }

    /** The settings of a middleware: its section of {@code middleware}, an empty one when it is not written. */
    public Section settings(String name) {
        Section written = middleware.get(name);
        return written != null ? written : auth.absent("middleware." + name);
    }

    /** The settings of a middleware on a route: the route's own over the general ones. */
    public Section settings(String name, RouteConfig route) {
        Section own = route.middleware().get(name);
        return own == null ? settings(name) : settings(name).merge(own);
    }
}

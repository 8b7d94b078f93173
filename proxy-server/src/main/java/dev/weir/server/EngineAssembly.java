package dev.weir.server;

import dev.weir.backends.Affinity;
import dev.weir.backends.BackendGroup;
import dev.weir.backends.BackendSpec;
import dev.weir.backends.Balancing;
import dev.weir.backends.ModelSpec;
import dev.weir.backends.OllamaPolicy;
import dev.weir.core.CidrSet;
import dev.weir.core.EngineSettings;
import dev.weir.core.HttpLimits;
import dev.weir.core.Transport;
import dev.weir.pipeline.agents.Agent;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Redis;
import dev.weir.server.config.AgentConfig;
import dev.weir.server.config.BackendConfig;
import dev.weir.server.config.BackendDefaults;
import dev.weir.server.config.Cidr;
import dev.weir.server.config.DatabaseConfig;
import dev.weir.server.config.ModelConfig;
import dev.weir.server.config.ModelPolicy;
import dev.weir.server.config.RedisConfig;
import dev.weir.server.config.ServerConfig;
import dev.weir.server.config.WeirConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the configuration says, in the words of the engine and of the backends, which read no configuration. */
final class EngineAssembly {
    private static final int MAX_LINE_BYTES = 16 * 1024;
    private static final int MAX_FIELDS = 200;
    private static final long AWAIT_MILLIS = 10_000;

    private EngineAssembly() {}

    static Transport transport(ServerConfig server) {
        return Transport.of(server.transport().name().toLowerCase(Locale.ROOT));
    }

    static EngineSettings engine(ServerConfig server) {
        ServerConfig.Timeouts timeouts = server.timeouts();
        long buffered = server.maxBufferedBytes().bytes();
        return new EngineSettings(
                new HttpLimits(MAX_LINE_BYTES, (int) server.maxHeaderBytes().bytes(), MAX_FIELDS),
                server.maxConnections(),
                server.maxConnectionsPerAddress(),
                buffered > 0 ? buffered : Runtime.getRuntime().maxMemory() / 4,
                new EngineSettings.Timeouts(
                        timeouts.header().toMillis(),
                        timeouts.bodyIdle().toMillis(),
                        timeouts.keepAlive().toMillis(),
                        timeouts.writeStall().toMillis(),
                        AWAIT_MILLIS),
                cidrs(server.trustedProxies()),
                cidrs(server.allowFrom()));
    }

    private static CidrSet cidrs(List<Cidr> cidrs) {
        return CidrSet.of(cidrs.stream().map(Cidr::toString).toList());
    }

    static List<BackendSpec> backends(WeirConfig config) {
        return config.backends().entrySet().stream()
                .map(entry -> backend(entry.getKey(), entry.getValue(), config.backendDefaults()))
                .toList();
    }

    private static BackendSpec backend(String name, BackendConfig backend, BackendDefaults defaults) {
        return new BackendSpec(
                name,
                URI.create(backend.url().toString()),
                backend.kind() == BackendConfig.Kind.OLLAMA ? BackendSpec.Kind.OLLAMA : BackendSpec.Kind.OPENAI,
                backend.weight(),
                backend.maxInFlight(),
                backend.apiKey(),
                backend.headers(),
                new BackendSpec.Timeouts(
                        backend.timeouts().connect().toMillis(),
                        backend.timeouts().firstByte().toMillis(),
                        backend.timeouts().idle().toMillis(),
                        backend.timeouts().total().toMillis()),
                new BackendSpec.Pool(
                        defaults.pool().maxIdlePerLoop(),
                        defaults.pool().idleTimeout().toMillis(),
                        defaults.pool().maxAge().toMillis()),
                new BackendSpec.Health(
                        defaults.health().interval().toMillis(),
                        defaults.health().timeout().toMillis(),
                        defaults.health().fall(),
                        defaults.health().rise()),
                new BackendSpec.Eject(
                        defaults.eject().consecutiveFailures(),
                        defaults.eject().base().toMillis(),
                        defaults.eject().max().toMillis()),
                tls(backend.tls()),
                backend.parallel() == null ? 0 : backend.parallel());
    }

    /** The backends that are to be asked for embeddings with {@code prompt}. */
    static Set<String> promptBackends(WeirConfig config) {
        return config.backends().entrySet().stream()
                .filter(entry -> entry.getValue().embeddings() == BackendConfig.Embeddings.PROMPT)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private static BackendSpec.@Nullable Tls tls(BackendConfig.@Nullable Tls tls) {
        return tls == null ? null : new BackendSpec.Tls(tls.ca(), tls.verify(), tls.certificate(), tls.privateKey());
    }

    static List<ModelSpec> models(Map<String, ModelConfig> models) {
        return models.entrySet().stream()
                .map(entry -> model(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static ModelSpec model(String name, ModelConfig model) {
        return new ModelSpec(
                name,
                model.targets().stream()
                        .map(target -> new ModelSpec.TargetSpec(target.backend(), target.model(), target.weight()))
                        .toList(),
                model.fallbacks(),
                model.metadata(),
                new Balancing(
                        Balancing.Balance.valueOf(model.balance().name()),
                        new Affinity(
                                Affinity.By.valueOf(model.affinity().by().name()),
                                model.affinity().header()),
                        model.priority()),
                policy(model.policy()));
    }

    private static OllamaPolicy policy(ModelPolicy policy) {
        ModelPolicy.NumCtx numCtx = policy.numCtx();
        return new OllamaPolicy(
                numCtx == null ? null : numCtx.default_(),
                numCtx == null ? null : numCtx.max(),
                policy.keepAlive() == null ? null : policy.keepAlive().toString(),
                policy.preload());
    }

    static Agent agent(String name, AgentConfig agent) {
        return new Agent(
                name,
                agent.chunkSize(),
                agent.bufferSize(),
                agent.delayBetweenChunks().toNanos(),
                agent.timeout().toMillis());
    }

    static Database.Settings database(DatabaseConfig database, Path stateDirectory) {
        return new Database.Settings(
                database.url(),
                stateDirectory,
                database.poolSize(),
                database.poolTimeout().toMillis(),
                database.statementTimeout().toMillis());
    }

    /** Null when no Redis is configured. */
    static Redis.@Nullable Settings redis(RedisConfig redis) {
        String url = redis.url();
        return url == null ? null : new Redis.Settings(url, redis.timeout().toMillis());
    }

    static BackendGroup.Settings groups(BackendDefaults defaults) {
        return new BackendGroup.Settings(
                defaults.retry().attempts(),
                defaults.retry().budgetPercent(),
                defaults.retry().budgetMin(),
                defaults.queue().max(),
                defaults.queue().timeout().toMillis());
    }
}

package dev.weir.pipeline.store;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.DefaultEventLoopGroupProvider;
import io.lettuce.core.resource.Delay;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens connections of one kind: single, Sentinel or Cluster. What was under way on a connection that is lost fails: nothing is
 * sent twice. {@link RedisWatch} opens another; to the nodes of a Cluster, which come and go, lettuce does. Owns three threads:
 * one that reads and writes, one for what must not run there, one for time limits. Any thread.
 */
final class RedisConnector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RedisConnector.class);
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);
    private static final int MAX_UNDER_WAY = 10_000;
    private static final int THREADS = 1;
    private static final long CLOSE_MILLIS = 2_000;

    /**
     * How long the thread that reads and writes goes on once there is nothing more to do. Without it, a channel that is
     * registered in its last round is never closed, and the buffer it was given never released.
     */
    private static final long QUIET_MILLIS = 50;

    private static final long MIN_PAUSE_MILLIS = 50;

    /** The least that connecting may take; it happens beside the requests. */
    private static final long MIN_CONNECT_MILLIS = 2_000;

    static {
        // Lettuce would complain of the choice each time it connects.
        if (System.getProperty("io.lettuce.core.iouring") == null) {
            System.setProperty("io.lettuce.core.iouring", "false");
        }
    }

    private final RedisPlace place;
    private final EventExecutorGroup executors =
            new DefaultEventExecutorGroup(1, new DefaultThreadFactory("weir-redis-watch", true));
    private final ClientResources resources;
    private final AbstractRedisClient client;
    private volatile boolean closing;

    RedisConnector(Redis.Settings settings) {
        Duration connectTimeout = Duration.ofMillis(Math.max(MIN_CONNECT_MILLIS, settings.timeoutMillis()));
        place = RedisPlace.of(settings.url(), connectTimeout);
        resources = DefaultClientResources.builder()
                .threadFactoryProvider(RedisConnector::threads)
                .eventLoopGroupProvider(new DefaultEventLoopGroupProvider(THREADS, RedisConnector::threads))
                .eventExecutorGroup(executors)
                .addressResolverGroup(DefaultAddressResolverGroup.INSTANCE)
                .reconnectDelay(Delay.equalJitter(
                        Duration.ofMillis(10), Duration.ofSeconds(1), MIN_PAUSE_MILLIS, TimeUnit.MILLISECONDS))
                .build();
        ClusterClientOptions options = options(place, Duration.ofMillis(settings.timeoutMillis()), connectTimeout);
        if (place.cluster()) {
            RedisClusterClient clusterClient = RedisClusterClient.create(resources, place.nodes());
            clusterClient.setOptions(options);
            client = clusterClient;
        } else {
            RedisClient singleClient =
                    RedisClient.create(resources, place.nodes().get(0));
            singleClient.setOptions(options);
            client = singleClient;
        }
    }

    private static ThreadFactory threads(String pool) {
        return new DefaultThreadFactory("weir-redis", true);
    }

    private static ClusterClientOptions options(RedisPlace place, Duration timeout, Duration connectTimeout) {
        ClusterClientOptions.Builder options = ClusterClientOptions.builder()
                .autoReconnect(place.cluster())
                .disconnectedBehavior(
                        place.cluster()
                                ? ClientOptions.DisconnectedBehavior.ACCEPT_COMMANDS
                                : ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .protocolVersion(ProtocolVersion.RESP2)
                .requestQueueSize(MAX_UNDER_WAY)
                .publishOnScheduler(false)
                .timeoutOptions(TimeoutOptions.enabled(timeout))
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(connectTimeout)
                        .keepAlive(true)
                        .tcpNoDelay(true)
                        .build())
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .adaptiveRefreshTriggersTimeout(Duration.ofSeconds(1))
                        .enablePeriodicRefresh(Duration.ofSeconds(30))
                        .build());
        options.replayFilter(command -> true);
        if (place.ca() != null) {
            options.sslOptions(SslOptions.builder()
                    .jdkSslProvider()
                    .trustManager(place.ca())
                    .build());
        }
        return options.build();
    }

    /** Where what concerns the state of the connection runs, one thing after another. */
    EventExecutor executor() {
        return executors.next();
    }

    /** Has {@code task} run, on any thread, whenever a connection of this connector is lost or closed. */
    void whenDisconnected(Runnable task) {
        client.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                task.run();
            }
        });
    }

    CompletionStage<RedisConnection> connect() {
        if (client instanceof RedisClusterClient clusterClient) {
            return clusterClient
                    .refreshPartitionsAsync()
                    .thenCompose(refreshed -> closing
                            ? CompletableFuture.failedFuture(new RedisAwayException("redis is being closed"))
                            : clusterClient.connectAsync(CODEC))
                    .thenApply(connection -> new RedisConnection(connection, connection.async()));
        }
        return ((RedisClient) client)
                .connectAsync(CODEC, place.nodes().get(0))
                .thenApply(connection -> new RedisConnection(connection, connection.async()));
    }

    /** What begins to connect must end before the threads do that it runs on; nothing begins any more. */
    @Override
    public void close() {
        closing = true;
        if (client instanceof RedisClusterClient clusterClient) {
            clusterClient.suspendTopologyRefresh();
        }
        try {
            client.shutdownAsync(QUIET_MILLIS, CLOSE_MILLIS, TimeUnit.MILLISECONDS)
                    .get(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("connections to redis {} could not be closed in order", place, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // Before the threads of the connections: its timers would tell those that a handshake took too long.
        executors
                .shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        resources
                .shutdown(QUIET_MILLIS, CLOSE_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Where it is, without secrets. */
    @Override
    public String toString() {
        return place.toString();
    }
}

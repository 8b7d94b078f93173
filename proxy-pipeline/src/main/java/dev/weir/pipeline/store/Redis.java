package dev.weir.pipeline.store;

import dev.weir.core.Meters;
import dev.weir.core.Services;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Redis, single, behind Sentinel or a Cluster, when the configuration names one. It may be away at any time: then every
 * result fails at once with {@link RedisAwayException}; nothing is queued, nothing is sent twice, nothing waits longer than
 * the time limit. Any thread, event loops too: nothing here blocks but {@link #open} and {@link #close}. Results arrive on a
 * thread of Redis's own, which must not be blocked either.
 */
public final class Redis implements AutoCloseable {
    private static final long START_MILLIS = 1_000;
    private static final int SCAN_COUNT = 500;

    /** Server errors that say that it cannot be worked with for now, whatever is asked. */
    private static final Set<String> OUTAGES = Set.of(
            "LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "OOM", "MISCONF", "NOREPLICAS", "NOAUTH", "WRONGPASS");

    private final RedisConnector connector;
    private final RedisWatch watch;

    /**
     * Where Redis is.
     *
     * @param url {@code redis://user:password@host:port/db}, {@code rediss://…}, {@code redis-sentinel://password@host,host#name}
     *     or {@code redis-cluster://password@host,host}; options {@code ?tls=true&ca=FILE}
     * @param timeoutMillis what a command may take
     */
    public record Settings(String url, long timeoutMillis) {
        /** Without the password. */
        @Override
        public String toString() {
            return "Redis.Settings[timeoutMillis=" + timeoutMillis + "]";
        }
    }

    private Redis(Settings settings, Meters meters) {
        connector = new RedisConnector(settings);
        watch = new RedisWatch(connector);
        meters.gauge("weir_redis_up", "Whether Redis can be asked.", () -> isUp() ? 1 : 0);
    }

    /**
     * Opens what {@code settings} name, if it is there: after a short while at most this returns, and goes on trying.
     *
     * @throws IllegalArgumentException if the URL makes no sense
     */
    public static Redis open(Settings settings, Meters meters) {
        return open(settings, meters, START_MILLIS);
    }

    /** Waits so long at most for it to answer, or to fail to. */
    static Redis open(Settings settings, Meters meters, long startMillis) {
        Redis redis = new Redis(settings, meters);
        redis.watch.start(startMillis);
        return redis;
    }

    /** The Redis of this process, or null when none is configured. */
    public static @Nullable Redis of(Services services) {
        return services.find(Redis.class);
    }

    /** Whether it can be asked. */
    public boolean isUp() {
        return watch.live() != null;
    }

    /** The value of {@code key}, or null when there is none. */
    public CompletableFuture<byte @Nullable []> get(String key) {
        return call(key, commands -> commands.get(key));
    }

    /** Stores {@code value} for {@code ttlMillis}, at least 1. */
    public CompletableFuture<?> set(String key, byte[] value, long ttlMillis) {
        return call(key, commands -> commands.set(key, value, SetArgs.Builder.px(ttlMillis)));
    }

    /** Removes {@code key}; says whether it was there. */
    public CompletableFuture<Boolean> delete(String key) {
        return call(key, commands -> commands.unlink(key)).thenApply(removed -> removed > 0);
    }

    /** Removes every key that begins with {@code prefix}, in small steps; says how many there were. */
    public CompletableFuture<Long> deleteByPrefix(String prefix) {
        ScanArgs beginning = ScanArgs.Builder.matches(literal(prefix) + "*").limit(SCAN_COUNT);
        return call(prefix, commands -> commands.scan(beginning))
                .thenCompose(page -> deleteOn(prefix, beginning, page, 0));
    }

    private CompletableFuture<Long> deleteOn(
            String prefix, ScanArgs beginning, KeyScanCursor<String> page, long before) {
        List<String> keys = page.getKeys();
        CompletableFuture<Long> removed = keys.isEmpty()
                ? CompletableFuture.completedFuture(0L)
                : call(keys.get(0), commands -> commands.unlink(keys.toArray(String[]::new)));
        return removed.thenCompose(count -> {
            long sum = before + count;
            if (page.isFinished()) {
                return CompletableFuture.completedFuture(sum);
            }
            ScanCursor cursor = page;
            return call(prefix, commands -> commands.scan(cursor, beginning))
                    .thenCompose(following -> deleteOn(prefix, beginning, following, sum));
        });
    }

    /** {@code text} as a pattern of Redis that matches only it. */
    private static String literal(String text) {
        StringBuilder pattern = new StringBuilder(text.length() + 8);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') {
                pattern.append('\\');
            }
            pattern.append(c);
        }
        return pattern.toString();
    }

    /**
     * Runs {@code script} in one step. In a Cluster all {@code keys} must have the same part in braces.
     *
     * @return what the script returns: a list whose integers are {@link Long} and whose strings are {@code byte[]}
     */
    public CompletableFuture<List<Object>> run(RedisScript script, String[] keys, byte[]... arguments) {
        CompletableFuture<List<Object>> byHash =
                call(keys[0], commands -> commands.evalsha(script.sha1(), ScriptOutputType.MULTI, keys, arguments));
        return byHash.exceptionallyCompose(failure -> unwrapped(failure) instanceof RedisNoScriptException
                ? call(keys[0], commands -> commands.eval(script.text(), ScriptOutputType.MULTI, keys, arguments))
                : CompletableFuture.failedFuture(unwrapped(failure)));
    }

    private <T> CompletableFuture<T> call(
            String key, Function<RedisClusterAsyncCommands<String, byte[]>, RedisFuture<T>> command) {
        RedisConnection connection = watch.live();
        if (connection == null) {
            return CompletableFuture.failedFuture(new RedisAwayException("redis is away"));
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            command.apply(connection.commands()).whenComplete((value, failure) -> {
                if (failure == null) {
                    result.complete(value);
                } else {
                    result.completeExceptionally(judged(connection, key, unwrapped(failure)));
                }
            });
        } catch (RuntimeException e) {
            result.completeExceptionally(judged(connection, key, e));
        }
        return result;
    }

    /** What a failure means: for this command and, if it is an outage, for all others. */
    private Throwable judged(RedisConnection connection, String key, Throwable failure) {
        if (failure instanceof RedisCommandExecutionException && !isOutage(failure)) {
            return failure;
        }
        watch.doubt(connection, key);
        return new RedisAwayException("redis is away: " + failure.getMessage(), failure);
    }

    private static boolean isOutage(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        int space = message.indexOf(' ');
        return OUTAGES.contains(space < 0 ? message : message.substring(0, space));
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : failure;
    }

    @Override
    public void close() {
        watch.close();
        connector.close();
    }

    /** Where it is, without secrets. */
    @Override
    public String toString() {
        return connector.toString();
    }
}

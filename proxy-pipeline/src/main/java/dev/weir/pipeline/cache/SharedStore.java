package dev.weir.pipeline.cache;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers in Redis, shared by instances, under {@code PREFIX GENERATION : HASH}. The generation is a name that stands in Redis
 * too and that every instance looks at each second: to clear the cache is to choose another one. An instance that finds a new
 * one forgets what it holds; one that could not write it, for want of Redis, goes on trying. Any thread.
 */
final class SharedStore implements CacheStore {
    static final String GENERATION_KEY = "weir:cache:generation";
    private static final String FIRST_GENERATION = "0";
    private static final Logger LOG = LoggerFactory.getLogger(SharedStore.class);

    /** Longer than entries live, so that a cleared generation does not come back. */
    private static final long GENERATION_MILLIS = TimeUnit.DAYS.toMillis(3650);

    private final SharedBytes redis;
    private final Set<String> prefixes = ConcurrentHashMap.newKeySet();
    private volatile Runnable onCleared = () -> {};

    /** Null until Redis has told it: nothing is looked up or kept before. */
    private volatile @Nullable String generation;

    /** Chosen here and not yet known to be in Redis. */
    private volatile @Nullable String unwritten;

    SharedStore(SharedBytes redis) {
        this.redis = redis;
    }

    /** What to do when somebody cleared the cache. */
    void onCleared(Runnable action) {
        onCleared = action;
    }

    @Override
    public boolean isUp() {
        return generation != null && redis.isUp();
    }

    @Override
    public CompletionStage<@Nullable CachedAnswer> find(String prefix, CacheKey key) {
        String now = generation;
        if (now == null || !redis.isUp()) {
            return CompletableFuture.completedFuture(null);
        }
        return redis.get(name(prefix, now, key)).handle((bytes, failure) -> {
            CachedAnswer answer = bytes == null ? null : AnswerCodec.decode(bytes);
            return answer == null || answer.isExpired() ? null : answer;
        });
    }

    @Override
    public void put(String prefix, CacheKey key, CachedAnswer answer) {
        String now = generation;
        long ttlMillis = answer.expiresAtMillis() - System.currentTimeMillis();
        if (now != null && redis.isUp() && ttlMillis > 0) {
            prefixes.add(prefix);
            redis.set(name(prefix, now, key), AnswerCodec.encode(answer), ttlMillis);
        }
    }

    private static String name(String prefix, String generation, CacheKey key) {
        return prefix + generation + ":" + key.hex();
    }

    @Override
    public synchronized void clear() {
        String old = generation;
        String next = UUID.randomUUID().toString();
        unwritten = next;
        generation = next;
        write(next);
        if (old != null) {
            // Out of reach already; this gives the memory back.
            prefixes.forEach(prefix -> redis.deleteAll(prefix + old + ":"));
        }
    }

    private void write(String next) {
        redis.set(GENERATION_KEY, next.getBytes(StandardCharsets.US_ASCII), GENERATION_MILLIS)
                .whenComplete((done, failure) -> {
                    if (failure == null) {
                        written(next);
                    }
                });
    }

    private synchronized void written(String written) {
        if (written.equals(unwritten)) {
            unwritten = null;
        }
    }

    /** Looks which generation it is; called each second. */
    void poll() {
        String pending = unwritten;
        if (pending != null) {
            write(pending);
        } else {
            redis.get(GENERATION_KEY).whenComplete((bytes, failure) -> {
                if (failure == null) {
                    found(bytes == null ? FIRST_GENERATION : new String(bytes, StandardCharsets.US_ASCII));
                }
            });
        }
    }

    private void found(String current) {
        boolean cleared;
        synchronized (this) {
            if (unwritten != null || current.equals(generation)) {
                return;
            }
            cleared = generation != null;
            generation = current;
        }
        if (cleared) {
            LOG.info("the cache was cleared by another instance");
            onCleared.run();
        }
    }
}

package dev.weir.pipeline.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.core.Services;
import dev.weir.pipeline.store.Redis;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The cache of this process: outlives reloads, and is shared by all chains that have the middleware. Any thread. */
public final class ResponseCache {
    /** A request's raw bytes lead to its question without reading them again; so many are remembered, some 200 bytes each. */
    private static final int MAX_REMEMBERED_REQUESTS = 32_768;

    /** How soon an instance learns that another one cleared the cache. */
    private static final long POLL_MILLIS = 1_000;

    private final CacheFigures figures;
    private final MemoryStore memory;
    private final Flights flights;
    private final Cache<CacheKey, Question> questions = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED_REQUESTS)
            .executor(Runnable::run)
            .build();
    private final CacheStore store;
    private volatile long epoch;

    /** @param store behind this process's memory */
    ResponseCache(Services services, CacheStore store, long maxBytes, Flights.Patience patience) {
        this.store = store;
        this.figures = new CacheFigures(services.meters());
        this.memory = new MemoryStore(maxBytes, figures);
        this.flights = new Flights(patience);
    }

    /** The one of this process, with Redis behind its memory if there is one. */
    public static ResponseCache of(Services services) {
        return services.shared(ResponseCache.class, () -> make(services));
    }

    private static ResponseCache make(Services services) {
        Redis redis = Redis.of(services);
        if (redis == null) {
            return new ResponseCache(services, CacheStore.NONE, 0, Flights.Patience.DEFAULT);
        }
        SharedStore store = new SharedStore(new RedisBytes(redis));
        ResponseCache cache = new ResponseCache(services, store, 0, Flights.Patience.DEFAULT);
        store.onCleared(cache::forget);
        services.background().scheduleWithFixedDelay(store::poll, 0, POLL_MILLIS, TimeUnit.MILLISECONDS);
        return cache;
    }

    /** What it holds and did, for each kind of answers. */
    public List<CacheStatistics> statistics() {
        memory.tidy();
        return List.of(
                figures.of(AnswerKind.EMBEDDINGS).statistics(),
                figures.of(AnswerKind.RESPONSES).statistics());
    }

    /** Forgets everything, on all instances that share a store; answers now in flight are not kept either. */
    public void clear() {
        forget();
        store.clear();
    }

    /** Whether there is a store that several instances share. */
    public boolean isShared() {
        return store != CacheStore.NONE;
    }

    /** Whether that store answers now. */
    public boolean isStoreUp() {
        return store.isUp();
    }

    CacheStore store() {
        return store;
    }

    /** Forgets what this process holds. */
    synchronized void forget() {
        epoch++;
        memory.clear();
    }

    void resize(long maxBytes) {
        memory.resize(maxBytes);
    }

    CacheFigures.OfKind figures(AnswerKind kind) {
        return figures.of(kind);
    }

    Flights flights() {
        return flights;
    }

    @Nullable
    Question questionOf(CacheKey rawRequest) {
        return questions.getIfPresent(rawRequest);
    }

    void remember(CacheKey rawRequest, Question question) {
        questions.put(rawRequest, question);
    }

    @Nullable
    CachedAnswer find(CacheKey key) {
        return memory.find(key);
    }

    /** Counts how often it was cleared; an answer that was asked for before belongs to the past. */
    long epoch() {
        return epoch;
    }

    /** Keeps {@code answer} unless the cache was cleared since {@code askedInEpoch}; returns whether it does. */
    boolean put(CacheKey key, CachedAnswer answer, long askedInEpoch) {
        if (epoch != askedInEpoch) {
            return false;
        }
        memory.put(key, answer);
        return true;
    }
}

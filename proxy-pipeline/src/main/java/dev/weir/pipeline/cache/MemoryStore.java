package dev.weir.pipeline.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Answers in this process's memory, bounded by their bytes; each goes when its time is up. Any thread. */
final class MemoryStore {
    private final CacheFigures figures;
    private final Cache<CacheKey, CachedAnswer> answers;

    MemoryStore(long maxBytes, CacheFigures figures) {
        this.figures = figures;
        // Its upkeep is short and runs where it is due: waking another thread costs more.
        this.answers = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((CacheKey key, CachedAnswer answer) -> answer.weight())
                .expireAfter(Expiry.creating(
                        (CacheKey key, CachedAnswer answer) -> Duration.ofMillis(remainingMillis(answer))))
                .removalListener(this::removed)
                .executor(Runnable::run)
                .build();
    }

    private static long remainingMillis(CachedAnswer answer) {
        return Math.max(0, answer.expiresAtMillis() - System.currentTimeMillis());
    }

    private void removed(@Nullable CacheKey key, @Nullable CachedAnswer answer, RemovalCause cause) {
        if (answer != null) {
            figures.of(answer.kind()).removed(answer.weight(), cause == RemovalCause.SIZE);
        }
    }

    @Nullable
    CachedAnswer find(CacheKey key) {
        return answers.getIfPresent(key);
    }

    void put(CacheKey key, CachedAnswer answer) {
        figures.of(answer.kind()).added(answer.weight());
        answers.put(key, answer);
    }

    /** How many bytes it may hold from now on. */
    void resize(long maxBytes) {
        answers.policy().eviction().ifPresent(eviction -> eviction.setMaximum(maxBytes));
    }

    void clear() {
        answers.invalidateAll();
    }

    /** Does what upkeep is due; for figures that are right at once. */
    void tidy() {
        answers.cleanUp();
    }
}

package dev.weir.pipeline.cache;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A store behind this process's memory, shared by instances. Never fails and never keeps anybody waiting longer than its own
 * time limit: while it is away nothing is found and nothing is kept. Any thread.
 */
interface CacheStore {
    /** No such store. */
    CacheStore NONE = new CacheStore() {
        @Override
        public boolean isUp() {
            return false;
        }

        @Override
        public CompletionStage<@Nullable CachedAnswer> find(String prefix, CacheKey key) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void put(String prefix, CacheKey key, CachedAnswer answer) {}

        @Override
        public void clear() {}
    };

    /** Whether it is worth asking. */
    boolean isUp();

    /** The answer kept under {@code key}, or null. */
    CompletionStage<@Nullable CachedAnswer> find(String prefix, CacheKey key);

    /** Keeps {@code answer} until it expires. */
    void put(String prefix, CacheKey key, CachedAnswer answer);

    /** Forgets everything, on every instance. */
    void clear();
}

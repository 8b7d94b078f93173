package dev.weir.pipeline.cache;

import dev.weir.pipeline.store.Redis;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The {@link Redis} of this process as the cache sees it. Any thread. */
record RedisBytes(Redis redis) implements SharedBytes {
    @Override
    public boolean isUp() {
        return redis.isUp();
    }

    @Override
    public CompletionStage<byte @Nullable []> get(String key) {
        return redis.get(key);
    }

    @Override
    public CompletionStage<?> set(String key, byte[] value, long ttlMillis) {
        return redis.set(key, value, ttlMillis);
    }

    @Override
    public CompletionStage<?> deleteAll(String prefix) {
        return redis.deleteByPrefix(prefix);
    }
}

package dev.weir.pipeline.cache;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A store of bytes in memory that can be away. Any thread. */
final class FakeRedis implements SharedBytes {
    final Map<String, byte[]> values = new ConcurrentHashMap<>();
    volatile boolean up = true;

    @Override
    public boolean isUp() {
        return up;
    }

    private <T> CompletionStage<T> answer(@Nullable T value) {
        return up
                ? CompletableFuture.completedFuture(value)
                : CompletableFuture.failedFuture(new IllegalStateException("away"));
    }

    @Override
    public CompletionStage<byte @Nullable []> get(String key) {
        return answer(values.get(key));
    }

    @Override
    public CompletionStage<?> set(String key, byte[] value, long ttlMillis) {
        if (up) {
            values.put(key, value);
        }
        return answer(null);
    }

    @Override
    public CompletionStage<?> deleteAll(String prefix) {
        if (up) {
            values.keySet().removeIf(key -> key.startsWith(prefix));
        }
        return answer(null);
    }
}

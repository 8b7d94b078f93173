package dev.weir.pipeline.cache;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What the cache asks of Redis. Stages end within Redis's time limit, with a failure when it is away. Any thread. */
interface SharedBytes {
    boolean isUp();

    CompletionStage<byte @Nullable []> get(String key);

    CompletionStage<?> set(String key, byte[] value, long ttlMillis);

    /** Deletes whatever begins with {@code prefix}, a little at a time. */
    CompletionStage<?> deleteAll(String prefix);
}

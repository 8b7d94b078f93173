package dev.weir.pipeline.cache;

import dev.weir.core.ByteSize;
import dev.weir.core.Meters;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.Services;
import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.cache.CacheSettings.Scope;
import dev.weir.pipeline.cache.CacheSettings.Store;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/** Settings and services for tests of the cache. */
final class CacheSetup {
    private CacheSetup() {}

    /** Embeddings for all, responses for a key, both enabled. */
    static CacheSettings settings() {
        return settings(Scope.ALL, Duration.ofHours(1), "64KiB");
    }

    static CacheSettings settings(Scope embeddings, Duration ttl, String maxEntry) {
        return new CacheSettings(
                Store.AUTO,
                new CacheSettings.Embeddings(true, embeddings, ttl, "e:"),
                new CacheSettings.Responses(true, Scope.KEY, ttl, "r:"),
                ByteSize.parse("1MB"),
                ByteSize.parse(maxEntry));
    }

    static ResponseCache cache() {
        return cache(Flights.Patience.DEFAULT);
    }

    static ResponseCache cache(Flights.Patience patience) {
        return cache(CacheStore.NONE, patience);
    }

    static ResponseCache cache(CacheStore store, Flights.Patience patience) {
        return new ResponseCache(new NoServices(), store, 1 << 20, patience);
    }

    /** Services without a database and without Redis. */
    static Services services() {
        return new NoServices();
    }

    private static final class NoServices implements Services {
        @Override
        public ScheduledExecutorService background() {
            throw new UnsupportedOperationException("background");
        }

        @Override
        public Path stateDirectory() {
            throw new UnsupportedOperationException("stateDirectory");
        }

        @Override
        public Meters meters() {
            return new TestMeters();
        }

        @Override
        public ModelProfiles models() {
            return ModelProfile::unwritten;
        }

        @Override
        public <T> T shared(Class<T> type, Supplier<? extends T> maker) {
            return maker.get();
        }

        @Override
        public <T> T shared(Class<T> type) {
            throw new IllegalStateException("nobody shares " + type);
        }
    }
}

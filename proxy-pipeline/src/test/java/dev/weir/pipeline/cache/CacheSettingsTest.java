package dev.weir.pipeline.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weir.core.ByteSize;
import dev.weir.pipeline.cache.CacheSettings.Embeddings;
import dev.weir.pipeline.cache.CacheSettings.Responses;
import dev.weir.pipeline.cache.CacheSettings.Scope;
import dev.weir.pipeline.cache.CacheSettings.Store;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class CacheSettingsTest {
    private static CacheSettings settings(Store store, String maxSize, String maxEntry) {
        CacheSettings usual = CacheSetup.settings();
        return new CacheSettings(
                store, usual.embeddings(), usual.responses(), ByteSize.parse(maxSize), ByteSize.parse(maxEntry));
    }

    @Test
    void sizesThatMakeNoSenseAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings(Store.AUTO, "100B", "1KiB"))
                .withMessageStartingWith("max_size: 100 (expected: >= 1KiB)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings(Store.AUTO, "1GiB", "65MiB"))
                .withMessageStartingWith("max_entry: 65MiB (expected: >= 1 and <= 64MiB)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings(Store.AUTO, "1GiB", "0"))
                .withMessageStartingWith("max_entry: 0 ");
    }

    @Test
    void timesAndPrefixesMustBeSome() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Embeddings(true, Scope.ALL, Duration.ZERO, "p"))
                .withMessageStartingWith("ttl: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Responses(true, Scope.ALL, Duration.ofHours(1), ""))
                .withMessageStartingWith("prefix: ");
    }

    @Test
    void redisMustBeThereWhenItIsAskedFor() {
        CacheFactory factory = new CacheFactory();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> factory.create(settings(Store.REDIS, "1MB", "1KiB"), CacheSetup.services()))
                .withMessageStartingWith("store: redis (expected: auto or memory");
        assertThat(factory.create(settings(Store.MEMORY, "1MB", "1KiB"), CacheSetup.services()))
                .isNotNull();
    }
}

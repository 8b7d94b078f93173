package dev.weir.pipeline.cache;

import static dev.weir.pipeline.cache.CacheServer.EMBEDDINGS;
import static dev.weir.pipeline.cache.CacheServer.VECTORS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.pipeline.store.Redis;
import dev.weir.testing.Await;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two instances and a real Redis that comes and goes. */
final class RedisCacheTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String ASK = "{'model': 'm', 'input': 'a weir'}";

    private final RealRedis server = RealRedis.start();
    private final Redis redis = Redis.open(new Redis.Settings(server.url(), 2_000), new TestMeters());
    private final SharedStore firstStore = new SharedStore(new RedisBytes(redis));
    private final SharedStore secondStore = new SharedStore(new RedisBytes(redis));
    private final CacheServer first = server(firstStore);
    private final CacheServer second = server(secondStore);

    private static CacheServer server(SharedStore store) {
        ResponseCache cache = CacheSetup.cache(store, Flights.Patience.DEFAULT);
        store.onCleared(cache::forget);
        return new CacheServer(CacheSetup.settings(), cache, store);
    }

    @BeforeEach
    void awaitUp() {
        Await.until(LONG, "both instances use redis", () -> {
            firstStore.poll();
            secondStore.poll();
            return firstStore.isUp() && secondStore.isUp();
        });
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
        redis.close();
        server.close();
    }

    /** How many answers it holds, as it tells it. */
    private boolean holds(int count) {
        return server.say("KEYS", "e:*").startsWith("*" + count + "\r\n");
    }

    private void awaitKept() {
        Await.until(LONG, "redis has the answer", () -> holds(1));
    }

    private static String result(RawResponse response) {
        return String.valueOf(response.header("x-weir-cache"));
    }

    @Test
    void whatOneInstanceLearnedTheOtherKnows() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        awaitKept();

        assertThat(second.hit(EMBEDDINGS, ASK).text()).isEqualTo(VECTORS);
        assertThat(server.say("KEYS", "*")).contains("e:0:");
    }

    @Test
    void anEntryOfRedisEndsWithItsTime() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        awaitKept();
        String key = server.say("KEYS", "e:*").lines().skip(2).findFirst().orElseThrow();

        assertThat(server.say("TTL", key)).matches(":3[56]\\d\\d\\s*");
    }

    @Test
    void withoutRedisMemoryGoesOnAndRedisIsUsedWhenItIsBack() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        awaitKept();
        server.stop();

        assertThat(result(second.miss(EMBEDDINGS, ASK, VECTORS))).isEqualTo("miss");
        assertThat(result(second.hit(EMBEDDINGS, ASK))).isEqualTo("hit");
        assertThat(result(first.hit(EMBEDDINGS, ASK))).isEqualTo("hit");

        server.restart();
        awaitUp();
        String other = "{'model': 'm', 'input': 'another'}";
        first.miss(EMBEDDINGS, other, VECTORS);
        awaitKept();
        assertThat(result(second.hit(EMBEDDINGS, other))).isEqualTo("hit");
    }

    @Test
    void aRedisThatFallsSilentCostsNoMoreThanItsTimeLimit() {
        server.pause();
        try {
            long start = System.nanoTime();
            assertThat(result(first.miss(EMBEDDINGS, ASK, VECTORS))).isEqualTo("miss");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
        } finally {
            server.resume();
        }
    }

    @Test
    void clearingOneInstanceClearsAllAndGivesTheMemoryOfRedisBack() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        awaitKept();
        second.hit(EMBEDDINGS, ASK);
        first.cache().clear();
        Await.until(LONG, "the second instance has heard of it", () -> {
            secondStore.poll();
            return second.embeddings().entries() == 0;
        });
        Await.until(LONG, "redis has no answer any more", () -> holds(0));

        assertThat(result(second.miss(EMBEDDINGS, ASK, VECTORS))).isEqualTo("miss");
    }
}

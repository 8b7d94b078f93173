package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import dev.weir.testing.Await;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Several servers that stand for one. */
final class RedisTopologiesTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final long TIMEOUT_MILLIS = 2_000;

    private static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static Redis open(String url) {
        Redis redis = Redis.open(new Redis.Settings(url, TIMEOUT_MILLIS), new TestMeters());
        Await.until(LONG, "redis is up", redis::isUp);
        return redis;
    }

    @Test
    void goesToTheMasterThatSentinelChooses() throws Exception {
        try (SentinelRedis servers = SentinelRedis.start();
                Redis redis = open(servers.url())) {
            result(redis.set("a", new byte[] {1}, 600_000));
            servers.awaitReplication();
            servers.master().stop();
            Await.until(LONG, "redis is away", () -> !redis.isUp());
            Await.until(LONG, "redis is up again", redis::isUp);
            assertThat(result(redis.get("a"))).containsExactly(1);
            assertThat(servers.replica().say("ROLE")).contains("master");
        }
    }

    @Test
    void asksEachNodeOfAClusterForWhatItHolds() throws Exception {
        try (ClusterRedis servers = ClusterRedis.start();
                Redis redis = open(servers.url())) {
            for (int i = 0; i < 100; i++) {
                result(redis.set("k:" + i, new byte[] {(byte) i}, 600_000));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(result(redis.get("k:" + i))).containsExactly(i);
            }
            RedisScript script = new RedisScript("return {redis.call('incrby', KEYS[1], ARGV[1])}");
            for (int i = 0; i < 20; i++) {
                assertThat(result(redis.run(script, new String[] {"n{" + i + "}"}, new byte[] {'7'})))
                        .containsExactly(7L);
            }
            assertThat(result(redis.deleteByPrefix("k:"))).isEqualTo(100);
        }
    }

    @Test
    void comesBackWhenANodeOfAClusterDoes() throws Exception {
        try (ClusterRedis servers = ClusterRedis.start();
                Redis redis = open(servers.url())) {
            for (int i = 0; i < 20; i++) {
                result(redis.set("k:" + i, new byte[1], 600_000));
            }
            servers.node(1).stop();
            Await.until(LONG, "redis is away", () -> {
                for (int i = 0; i < 20; i++) {
                    redis.get("k:" + i);
                }
                return !redis.isUp();
            });
            servers.node(1).restart();
            servers.awaitWhole();
            Await.until(LONG, "every node is asked again", () -> {
                for (int i = 0; i < 20; i++) {
                    if (redis.get("k:" + i)
                            .handle((value, failure) -> failure != null)
                            .join()) {
                        return false;
                    }
                }
                return true;
            });
        }
    }
}

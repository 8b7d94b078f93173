package dev.weir.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.pipeline.TestMeters;
import dev.weir.testing.Await;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RedisTest {
    private static final long TIMEOUT_MILLIS = 2_000;
    private static final Duration LONG = Duration.ofSeconds(30);

    private final RealRedis server = RealRedis.start();
    private final TestMeters meters = new TestMeters();
    private final Redis redis = Redis.open(new Redis.Settings(server.url(), TIMEOUT_MILLIS), meters);

    @AfterEach
    void close() {
        redis.close();
        server.close();
    }

    private static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private void awaitUp() {
        Await.until(LONG, "redis is up", redis::isUp);
    }

    private void awaitAway() {
        Await.until(LONG, "redis is away", () -> !redis.isUp());
    }

    @Test
    void whoOpensOneThatAnswersFindsItUp() {
        for (int i = 0; i < 50; i++) {
            // Opening ends with the answer, however long a busy machine takes for it.
            try (Redis another =
                    Redis.open(new Redis.Settings(server.url(), LONG.toMillis()), meters, LONG.toMillis())) {
                assertThat(another.isUp()).as("opening %s", i).isTrue();
            }
        }
    }

    @Test
    void keepsWhatIsSetUntilItExpires() throws Exception {
        awaitUp();
        assertThat(result(redis.get("a"))).isNull();
        result(redis.set("a", new byte[] {0, 1, -1}, 60_000));
        assertThat(result(redis.get("a"))).containsExactly(0, 1, -1);
        assertThat(server.say("PTTL", "a").strip()).matches(":(60000|5\\d{4})");

        result(redis.set("b", new byte[] {1}, 1));
        Await.until(LONG, "b is gone", () -> server.say("EXISTS", "b").startsWith(":0"));
    }

    @Test
    void deletesOneKeyAndSaysWhetherItWasThere() throws Exception {
        awaitUp();
        result(redis.set("a", new byte[1], 60_000));
        assertThat(result(redis.delete("a"))).isTrue();
        assertThat(result(redis.delete("a"))).isFalse();
    }

    @Test
    void deletesAllKeysOfAPrefixTakenLiterally() throws Exception {
        awaitUp();
        for (int i = 0; i < 1_200; i++) {
            redis.set("p*[x]:" + i, new byte[1], 60_000);
        }
        result(redis.set("pp[x]:1", new byte[1], 60_000));
        assertThat(result(redis.deleteByPrefix("p*[x]:"))).isEqualTo(1_200);
        assertThat(result(redis.get("pp[x]:1"))).isNotNull();
    }

    @Test
    void runsAScriptThatItDoesNotKnowYetAndAgainAfterItForgotIt() throws Exception {
        awaitUp();
        RedisScript script = new RedisScript("return {redis.call('incr', KEYS[1]), ARGV[1]}");
        for (long expected = 1; expected <= 3; expected++) {
            if (expected == 3) {
                server.say("SCRIPT", "FLUSH");
            }
            List<Object> answer = result(redis.run(script, new String[] {"n"}, "x".getBytes(UTF_8)));
            assertThat(answer.get(0)).isEqualTo(expected);
            assertThat((byte[]) answer.get(1)).isEqualTo("x".getBytes(UTF_8));
        }
    }

    @Test
    void aMistakeInACommandIsNoOutage() {
        awaitUp();
        CompletableFuture<List<Object>> failed =
                redis.run(new RedisScript("return redis.call('nonsense')"), new String[] {"n"});
        assertThatThrownBy(() -> result(failed)).isNotInstanceOf(RedisAwayException.class);
        assertThat(redis.isUp()).isTrue();
    }

    @Test
    void failsAtOnceWhileAwayAndComesBackByItself() throws Exception {
        awaitUp();
        server.stop();
        awaitAway();
        assertThat(meters.gauge("weir_redis_up")).isZero();
        CompletableFuture<byte[]> refused = redis.get("a");
        assertThat(refused).isCompletedExceptionally();
        assertThatThrownBy(() -> result(refused))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(RedisAwayException.class);

        server.restart();
        awaitUp();
        result(redis.set("a", new byte[1], 1_000));
        assertThat(meters.gauge("weir_redis_up")).isOne();
    }

    @Test
    void silenceCostsOneTimeLimitAndThenNothing() throws Exception {
        awaitUp();
        server.pause();
        assertThatThrownBy(() -> result(redis.get("a"))).hasCauseInstanceOf(RedisAwayException.class);
        assertThat(redis.isUp()).isFalse();
        assertThat(redis.get("a")).isCompletedExceptionally();

        server.resume();
        awaitUp();
        assertThat(result(redis.get("a"))).isNull();
    }

    @Test
    void aServerThatStillLoadsIsAwayUntilItHasLoaded() throws Exception {
        awaitUp();
        result(redis.set("a", new byte[] {1}, 600_000));
        server.restartLoading();
        awaitAway();
        assertThat(server.say("GET", "a")).startsWith("-LOADING");
        assertThatThrownBy(() -> result(redis.get("a"))).hasCauseInstanceOf(RedisAwayException.class);

        awaitUp();
        assertThat(result(redis.get("a"))).containsExactly(1);
    }

    @Test
    void startsWhileNobodyIsThere() throws Exception {
        server.stop();
        try (Redis early = Redis.open(new Redis.Settings(server.url(), TIMEOUT_MILLIS), meters)) {
            assertThat(early.get("a")).isCompletedExceptionally();
            server.restart();
            Await.until(LONG, "redis is up", early::isUp);
            assertThat(result(early.get("a"))).isNull();
        }
    }

    /** What is left behind, {@link dev.weir.testing.LeakCheck} finds. */
    @Test
    void itMayBeClosedWhileItConnects() throws Exception {
        server.stop();
        try (ServerSocket silent = new ServerSocket(server.port(), 50, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 4; i++) {
                Redis.open(new Redis.Settings(server.url(), TIMEOUT_MILLIS), meters)
                        .close();
            }
            assertThat(silent.isBound()).isTrue();
        }
        for (int i = 0; i < 10; i++) {
            Redis.open(new Redis.Settings(server.url(), TIMEOUT_MILLIS), meters).close();
        }
    }

    @Test
    void aServerThatTakesNoWritesIsAway() throws Exception {
        awaitUp();
        server.say("CONFIG", "SET", "maxmemory", "1");
        awaitAway();
        server.say("CONFIG", "SET", "maxmemory", "0");
        awaitUp();
    }

    @Test
    void sendsUserAndPassword() throws Exception {
        try (RealRedis guarded = RealRedis.start("--requirepass", "s3cret");
                Redis ours = Redis.open(
                        new Redis.Settings("redis://:s3cret@127.0.0.1:" + guarded.port(), TIMEOUT_MILLIS), meters);
                Redis wrong = Redis.open(
                        new Redis.Settings("redis://:wrong@127.0.0.1:" + guarded.port(), TIMEOUT_MILLIS), meters)) {
            Await.until(LONG, "redis is up", ours::isUp);
            assertThat(wrong.isUp()).isFalse();
        }
    }
}

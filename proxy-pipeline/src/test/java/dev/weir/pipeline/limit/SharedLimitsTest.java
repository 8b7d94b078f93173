package dev.weir.pipeline.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Limits;
import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.limit.LimitSettings.Amounts;
import dev.weir.pipeline.limit.LimitSettings.OnStoreFailure;
import dev.weir.pipeline.limit.LimitSettings.Store;
import dev.weir.pipeline.store.ClusterRedis;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.pipeline.store.Redis;
import dev.weir.pipeline.store.RedisMonitor;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Three instances on one Redis, a real one. */
final class SharedLimitsTest {
    private static final Amounts NONE = new Amounts(0, 0, 0);
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final long TIMEOUT_MILLIS = 6_000;
    private static final long LEASE_MILLIS = 6_000;

    private final RealRedis server = RealRedis.start();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<LimitInstance> instances = new ArrayList<>();

    private void start(Amounts perKey, OnStoreFailure onStoreFailure) {
        start(perKey, Map.of(), onStoreFailure, server.url());
    }

    private void start(Amounts perKey, Map<String, Limits> models, OnStoreFailure onStoreFailure, String url) {
        LimitSettings settings =
                new LimitSettings(Store.REDIS, perKey, NONE, NONE, Duration.ofMinutes(1), onStoreFailure);
        for (int i = 0; i < 3; i++) {
            Redis redis = Redis.open(new Redis.Settings(url, TIMEOUT_MILLIS), new TestMeters());
            Await.until(LONG, "redis is up", redis::isUp);
            LimitInstance instance = new LimitInstance(settings, redis, models, LEASE_MILLIS);
            opened.add(instance);
            opened.add(redis);
            instances.add(instance);
        }
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
        server.close();
    }

    private int status(int request, String... headers) {
        return instances.get(request % 3).get("/v1/models", headers).status();
    }

    @Test
    void exactlyAsManyPassAsOneInstanceWouldLetPass() throws Exception {
        start(new Amounts(20, 0, 0), OnStoreFailure.REJECT);
        ExecutorService clients = Executors.newFixedThreadPool(6);
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            int request = i;
            calls.add(() -> status(request, "x-key: a"));
        }
        long began = System.nanoTime();
        int passed = 0;
        for (Future<Integer> call : clients.invokeAll(calls)) {
            int status = call.get();
            assertThat(status).isIn(200, 429);
            passed += status == 200 ? 1 : 0;
        }
        clients.shutdown();
        int refilled = (int) ((System.nanoTime() - began) / 3_000_000_000L);
        assertThat(passed).isBetween(20, 20 + refilled);
        assertThat(status(0, "x-key: b")).isEqualTo(200);
    }

    /** The time is Redis's: what is like a time of here, in any unit, is never sent. */
    @Test
    void anInstanceWhoseClockIsWrongCountsAsTheOthersDo() throws Exception {
        start(new Amounts(600, 100_000, 5), OnStoreFailure.REJECT);
        try (RedisMonitor sent = RedisMonitor.of(server)) {
            assertThat(instances
                            .get(0)
                            .post("{\"max_tokens\":100}", "x-key: a", "x-model: m", "x-tokens: 7")
                            .status())
                    .isEqualTo(200);
            Pattern seconds = Pattern.compile(Long.toString(System.currentTimeMillis() / 1_000_000));
            int counted = 0;
            // One takes, one settles what the answer took.
            while (counted < 2) {
                String command = sent.nextArguments();
                assertThat(command).doesNotContainPattern(seconds);
                counted += command.startsWith("\"EVALSHA\"") || command.startsWith("\"EVAL\"") ? 1 : 0;
            }
        }
    }

    @Test
    void tellsWhatIsLeftForAllInstances() {
        start(new Amounts(600, 100_000, 5), OnStoreFailure.REJECT);
        for (int i = 1; i <= 3; i++) {
            RawResponse answer =
                    instances.get(i % 3).post("{\"max_tokens\":100}", "x-key: a", "x-model: m", "x-tokens: 0");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(Integer.parseInt(answer.header("x-ratelimit-remaining-requests")))
                    .isBetween(599 - i, 600);
            assertThat(Integer.parseInt(answer.header("x-ratelimit-remaining-tokens")))
                    .isLessThan(100_000);
        }
    }

    @Test
    void modelsAreLimitedTogetherWithKeysInOneStep() {
        start(new Amounts(2, 0, 0), Map.of("m", new Limits(3, 0, 0)), OnStoreFailure.REJECT, server.url());
        assertThat(instances.get(0).post("{}", "x-key: a", "x-model: m").status())
                .isEqualTo(200);
        assertThat(instances.get(1).post("{}", "x-key: a", "x-model: m").status())
                .isEqualTo(200);
        assertThat(instances.get(2).post("{}", "x-key: a", "x-model: m").text()).contains("this key");
        assertThat(instances.get(0).post("{}", "x-key: b", "x-model: m").status())
                .isEqualTo(200);
        assertThat(instances.get(1).post("{}", "x-key: b", "x-model: m").text()).contains("this model");
        assertThat(instances.get(2).post("{}", "x-key: b").status()).isEqualTo(200);
    }

    @Test
    void tokensAreSettledForAllInstances() {
        start(new Amounts(0, 10_000, 0), OnStoreFailure.REJECT);
        String[] little = {"x-key: a", "x-model: m", "x-tokens: 10"};
        for (int i = 0; i < 6; i++) {
            int request = i;
            Await.until(
                    LONG,
                    "request " + i + " passes",
                    () -> instances
                                    .get(request % 3)
                                    .post("{\"max_tokens\":9000}", little)
                                    .status()
                            == 200);
        }
        Await.until(
                LONG,
                "all is settled",
                () -> instances
                                .get(0)
                                .post("{\"max_tokens\":1}", "x-key: a", "x-model: m", "x-tokens: 9900")
                                .status()
                        == 200);
        Await.until(
                LONG,
                "the great answer counts",
                () -> instances
                                .get(1)
                                .post("{\"max_tokens\":5000}", "x-key: a", "x-model: m", "x-hit: yes")
                                .status()
                        == 429);
    }

    @Test
    void requestsInFlightAreCountedOverAllInstancesAndGivenBack() {
        start(new Amounts(0, 0, 3), OnStoreFailure.REJECT);
        List<RawClient> clients = new ArrayList<>();
        for (LimitInstance instance : instances) {
            clients.add(instance.hold("x-key: a"));
            Await.until(LONG, "it is in flight", () -> instance.holding() == 1);
        }
        assertThat(status(0, "x-key: a")).isEqualTo(429);
        assertThat(status(1, "x-key: b")).isEqualTo(200);
        instances.get(2).release();
        assertThat(clients.get(2).readResponse().status()).isEqualTo(200);
        Await.until(LONG, "its place is free", () -> status(0, "x-key: a") == 200);
        instances.forEach(LimitInstance::release);
        clients.forEach(RawClient::close);
    }

    @Test
    void leasesLiveAsLongAsTheirRequestsAndThoseOfADeadInstanceExpire() {
        start(new Amounts(0, 0, 1), OnStoreFailure.REJECT);
        try (RawClient client = instances.get(0).hold("x-key: a")) {
            Await.until(LONG, "it is in flight", () -> instances.get(0).holding() == 1);
            long end = System.nanoTime() + 2 * LEASE_MILLIS * 1_000_000;
            Await.until(LONG, "two lives of a lease have passed", () -> {
                assertThat(status(1, "x-key: a")).isEqualTo(429);
                return System.nanoTime() - end > 0;
            });
            instances.get(0).fallSilent();
            Await.until(LONG, "the lease has expired", () -> status(1, "x-key: a") == 200);
            instances.get(0).release();
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void eachInstanceCountsAloneWhileRedisIsGoneAndTogetherAfterwards() {
        start(new Amounts(2, 0, 0), OnStoreFailure.LOCAL);
        server.stop();
        for (LimitInstance instance : instances) {
            assertThat(instance.get("/v1/models", "x-key: a").status()).isEqualTo(200);
            assertThat(instance.get("/v1/models", "x-key: a").status()).isEqualTo(200);
            assertThat(instance.get("/v1/models", "x-key: a").status()).isEqualTo(429);
            assertThat(instance.meters().count("weir_rate_limit_store_failures"))
                    .isPositive();
        }
        server.restart();
        for (LimitInstance instance : instances) {
            Await.until(LONG, "redis is asked again", () -> {
                double before = instance.meters().count("weir_rate_limit_store_failures");
                instance.get("/v1/models", "x-key: other");
                return instance.meters().count("weir_rate_limit_store_failures") == before;
            });
        }
        int passed = 0;
        for (int i = 0; i < 6; i++) {
            passed += status(i, "x-key: fresh") == 200 ? 1 : 0;
        }
        assertThat(passed).isEqualTo(2);
    }

    @Test
    void nobodyWaitsForARedisThatFellSilent() {
        start(new Amounts(1_000, 0, 0), OnStoreFailure.ALLOW);
        server.pause();
        for (int i = 0; i < 30; i++) {
            assertThat(status(i, "x-key: a")).isEqualTo(200);
        }
        for (LimitInstance instance : instances) {
            long began = System.nanoTime();
            assertThat(instance.get("/v1/models", "x-key: a").status()).isEqualTo(200);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(TIMEOUT_MILLIS));
        }
        server.resume();
        Await.until(
                LONG,
                "redis is asked again",
                () -> instances.get(0).get("/v1/models", "x-key: a").header("x-ratelimit-remaining-requests") != null);
    }

    @Test
    void withoutRedisNothingPassesIfThatIsWanted() {
        start(new Amounts(1_000, 0, 0), OnStoreFailure.REJECT);
        server.stop();
        RawResponse refused = instances.get(0).get("/v1/models", "x-key: a");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.text()).contains("store_unavailable");
        assertThat(refused.header("retry-after")).isEqualTo("1");
    }

    @Test
    void limitsHoldInACluster() {
        try (ClusterRedis cluster = ClusterRedis.start()) {
            start(new Amounts(4, 100_000, 5), Map.of("m", new Limits(100, 0, 0)), OnStoreFailure.REJECT, cluster.url());
            int passed = 0;
            for (int i = 0; i < 12; i++) {
                int status = instances
                        .get(i % 3)
                        .post("{}", "x-key: a", "x-model: m")
                        .status();
                assertThat(status).isIn(200, 429);
                passed += status == 200 ? 1 : 0;
            }
            assertThat(passed).isEqualTo(4);
            assertThat(status(0, "x-key: b")).isEqualTo(200);
            for (LimitInstance instance : instances) {
                instance.fallSilent();
            }
        }
    }
}

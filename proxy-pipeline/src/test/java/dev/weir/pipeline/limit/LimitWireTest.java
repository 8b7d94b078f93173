package dev.weir.pipeline.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Limits;
import dev.weir.pipeline.limit.LimitSettings.Amounts;
import dev.weir.pipeline.limit.LimitSettings.OnStoreFailure;
import dev.weir.pipeline.limit.LimitSettings.Store;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LimitWireTest {
    private static final Amounts NONE = new Amounts(0, 0, 0);

    private final List<LimitInstance> instances = new ArrayList<>();

    private LimitInstance start(Amounts perKey, Amounts management, Amounts global, Map<String, Limits> models) {
        LimitSettings settings =
                new LimitSettings(Store.AUTO, perKey, management, global, Duration.ofMinutes(1), OnStoreFailure.LOCAL);
        LimitInstance instance = new LimitInstance(settings, null, models, 30_000);
        instances.add(instance);
        return instance;
    }

    private LimitInstance start(Amounts perKey) {
        return start(perKey, NONE, NONE, Map.of());
    }

    @AfterEach
    void close() {
        instances.forEach(LimitInstance::close);
    }

    @Test
    void tellsHowTheBucketsStandAndRefusesWhenOneIsEmpty() {
        LimitInstance weir = start(new Amounts(2, 100_000, 0));
        RawResponse first = weir.post("{\"max_tokens\": 1000}", "x-key: a", "x-model: m", "x-tokens: 10");
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("x-ratelimit-limit-requests")).isEqualTo("2");
        assertThat(first.header("x-ratelimit-remaining-requests")).isEqualTo("1");
        assertThat(first.header("x-ratelimit-reset-requests")).isEqualTo("30s");
        assertThat(first.header("x-ratelimit-limit-tokens")).isEqualTo("100000");
        // 1000 for the answer and 1 + 20 / 4 for a body of 20 bytes are gone; they come back in 603.6 ms. A fresh
        // bucket
        // has nothing to drain, so this does not depend on the time.
        assertThat(first.header("x-ratelimit-remaining-tokens")).isEqualTo("98994");
        assertThat(first.header("x-ratelimit-reset-tokens")).isEqualTo("604ms");

        weir.post("{}", "x-key: a", "x-model: m");
        RawResponse refused = weir.post("{}", "x-key: a", "x-model: m");
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.header("x-ratelimit-remaining-requests")).isEqualTo("0");
        assertThat(Integer.parseInt(refused.header("retry-after"))).isBetween(1, 30);
        assertThat(Integer.parseInt(refused.header("retry-after-ms"))).isBetween(1, 30_001);
        assertThat(refused.text())
                .contains("rate_limit_exceeded", "rate_limit_error", "this key", "2 requests a minute");
        assertThat(weir.meters().count("weir_rate_limited key requests")).isOne();
        assertThat(weir.post("{}", "x-key: b", "x-model: m").status()).isEqualTo(200);
    }

    @Test
    void aBackendsOwnFieldsAreReplacedAndNoLimitTellsNothing() {
        LimitInstance weir = start(NONE);
        assertThat(weir.get("/v1/models", "x-key: a").header("x-ratelimit-limit-requests"))
                .isNull();
    }

    @Test
    void aKeysOwnLimitsReplaceTheGeneralOnesAndTheMasterKeyHasNone() {
        LimitInstance weir = start(new Amounts(1, 0, 0));
        for (int i = 0; i < 3; i++) {
            assertThat(weir.get("/v1/models", "x-key: a", "x-own: 3").status()).isEqualTo(200);
        }
        assertThat(weir.get("/v1/models", "x-key: a", "x-own: 3").status()).isEqualTo(429);
        for (int i = 0; i < 3; i++) {
            assertThat(weir.get("/v1/models", "x-key: master").status()).isEqualTo(200);
        }
    }

    @Test
    void managementHasLimitsOfItsOwnAndWhatIsOpenHasNone() {
        LimitInstance weir = start(new Amounts(1, 0, 0), new Amounts(2, 0, 0), NONE, Map.of());
        assertThat(weir.get("/v1/models", "x-key: a").status()).isEqualTo(200);
        assertThat(weir.get("/v1/models", "x-key: a").status()).isEqualTo(429);
        assertThat(weir.get("/management/keys", "x-key: a").status()).isEqualTo(200);
        assertThat(weir.get("/management/keys", "x-key: a").status()).isEqualTo(200);
        RawResponse refused = weir.get("/management/keys", "x-key: a");
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.text()).contains("management");
        for (int i = 0; i < 5; i++) {
            assertThat(weir.get("/open", "x-key: a").status()).isEqualTo(200);
        }
    }

    @Test
    void modelsAndAllTogetherAreLimitedWhoeverAsks() {
        LimitInstance weir = start(NONE, NONE, new Amounts(4, 0, 0), Map.of("small", new Limits(2, 0, 0)));
        assertThat(weir.post("{}", "x-key: a", "x-model: small").status()).isEqualTo(200);
        assertThat(weir.post("{}", "x-key: b", "x-model: small").status()).isEqualTo(200);
        assertThat(weir.post("{}", "x-key: c", "x-model: small").text()).contains("this model");
        assertThat(weir.post("{}", "x-key: a", "x-model: other").status()).isEqualTo(200);
        assertThat(weir.post("{}", "x-key: b", "x-model: other").status()).isEqualTo(200);
        assertThat(weir.post("{}", "x-key: b", "x-model: other").text()).contains("all clients together");
        assertThat(weir.meters().count("weir_rate_limited model requests")).isOne();
        assertThat(weir.meters().count("weir_rate_limited global requests")).isOne();
    }

    @Test
    void tokensAreSettledWithTheAnswersOwnCount() {
        LimitInstance weir = start(new Amounts(0, 1_000, 0));
        String[] call = {"x-key: a", "x-model: m", "x-tokens: 100"};
        for (int i = 0; i < 5; i++) {
            assertThat(weir.post("{\"max_tokens\":400}", call).status()).isEqualTo(200);
        }
        RawResponse refused = weir.post("{\"max_tokens\":900}", call);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.text()).contains("1000 tokens a minute");
    }

    @Test
    void answersFromTheCacheAndErrorsTakeNoTokens() {
        LimitInstance weir = start(new Amounts(0, 1_000, 0));
        for (int i = 0; i < 5; i++) {
            assertThat(weir.post("{\"max_tokens\":900}", "x-key: a", "x-model: m", "x-hit: yes")
                            .status())
                    .isEqualTo(200);
            assertThat(weir.post("{\"max_tokens\":900}", "x-key: a", "x-model: m", "x-fail: yes")
                            .status())
                    .isEqualTo(500);
        }
        assertThat(weir.post("{\"max_tokens\":900}", "x-key: a", "x-model: m").status())
                .isEqualTo(200);
        assertThat(weir.post("{\"max_tokens\":900}", "x-key: a", "x-model: m").status())
                .isEqualTo(429);
    }

    @Test
    void requestsInFlightAreGivenBackWhenTheyEndAndWhenTheClientLeaves() {
        LimitInstance weir = start(new Amounts(0, 0, 2));
        try (RawClient one = weir.hold("x-key: a");
                RawClient two = weir.hold("x-key: a")) {
            Await.until("two are in flight", () -> weir.holding() == 2);
            RawResponse refused = weir.get("/v1/models", "x-key: a");
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("retry-after")).isNotNull();
            assertThat(weir.get("/v1/models", "x-key: b").status()).isEqualTo(200);

            one.reset();
            Await.until("one has left", () -> weir.get("/v1/models", "x-key: a").status() == 200);
            weir.release();
            assertThat(two.readResponse().status()).isEqualTo(200);
        }
        try (RawClient three = weir.hold("x-key: a");
                RawClient four = weir.hold("x-key: a")) {
            Await.until("two are in flight again", () -> weir.holding() == 2);
            assertThat(weir.get("/v1/models", "x-key: a").status()).isEqualTo(429);
            weir.release();
            assertThat(three.readResponse().status()).isEqualTo(200);
            assertThat(four.readResponse().status()).isEqualTo(200);
        }
    }
}

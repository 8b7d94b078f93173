package dev.weir.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.pipeline.TestMeters;
import dev.weir.testing.Await;
import dev.weir.testing.FaultyLink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Redis at the end of a link that goes wrong. */
final class RedisLinkTest {
    private static final long TIMEOUT_MILLIS = 300;
    private static final Duration LONG = Duration.ofSeconds(30);

    private final RealRedis server = RealRedis.start();
    private final FaultyLink link = FaultyLink.to(server.port());
    private final Redis redis =
            Redis.open(new Redis.Settings("redis://127.0.0.1:" + link.port(), TIMEOUT_MILLIS), new TestMeters());

    @AfterEach
    void close() {
        redis.close();
        link.close();
        server.close();
    }

    private void awaitUp() {
        Await.until(LONG, "redis is up", redis::isUp);
    }

    @Test
    void aReplyThatComesLateAnswersNobodyElse() throws Exception {
        awaitUp();
        for (int i = 0; i < 100; i++) {
            server.say("SET", "k" + i, "v" + i);
        }
        int answered = 0;
        for (int round = 0; round < 8; round++) {
            awaitUp();
            link.delay(Duration.ofMillis(round % 2 == 0 ? 2 * TIMEOUT_MILLIS : 0));
            List<CompletableFuture<byte[]>> asked = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                asked.add(redis.get("k" + i));
            }
            for (int i = 0; i < asked.size(); i++) {
                try {
                    assertThat(new String(asked.get(i).get(30, TimeUnit.SECONDS), UTF_8))
                            .isEqualTo("v" + i);
                    answered++;
                } catch (ExecutionException tooLate) {
                    assertThat(tooLate).hasCauseInstanceOf(RedisAwayException.class);
                }
            }
            link.pass();
        }
        assertThat(answered).isBetween(100, 700);
    }

    @Test
    void whatWasCutBeforeItsReplyIsNotDoneTwice() {
        awaitUp();
        link.cutAnswers();
        RedisScript script = new RedisScript("return {redis.call('incr', KEYS[1])}");
        server.say("SCRIPT", "LOAD", script.text());

        assertThatThrownBy(() -> redis.run(script, new String[] {"counted"}).get(30, TimeUnit.SECONDS))
                .hasCauseInstanceOf(RedisAwayException.class);

        link.pass();
        awaitUp();
        assertThat(server.say("GET", "counted")).contains("1");
    }

    @Test
    void aLinkThatHoldsEverythingCostsOneTimeLimit() {
        awaitUp();
        link.hold();
        assertThatThrownBy(() -> redis.get("a").get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(RedisAwayException.class);
        assertThat(redis.get("a")).isCompletedExceptionally();

        link.pass();
        awaitUp();
    }
}

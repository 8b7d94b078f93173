package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.pipeline.TestMeters;
import dev.weir.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Redis with a password, behind TLS with a certificate that nobody knows but who is told. */
final class RedisTlsTest {
    private static final long TIMEOUT_MILLIS = 2_000;
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private RealRedis server;
    private TlsRelay relay;

    @BeforeEach
    void start() {
        server = RealRedis.start("--requirepass", "s3cret");
        relay = TlsRelay.to(server.port(), directory);
    }

    @AfterEach
    void close() {
        relay.close();
        server.close();
    }

    private static Redis open(String url) {
        return Redis.open(new Redis.Settings(url, TIMEOUT_MILLIS), new TestMeters());
    }

    private String address() {
        return "127.0.0.1:" + relay.port();
    }

    /** Asked while it is known to have tried: {@link Redis#open} waits for the first try to end. */
    private static void assertAway(Redis redis) {
        assertThat(redis.isUp()).isFalse();
        assertThatThrownBy(() -> redis.get("a").get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(RedisAwayException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rediss://:s3cret@%s?ca=%s",
                "rediss://:s3cret@%s?tls=true&ca=%s",
                "redis://:s3cret@%s?tls=true&ca=%s"
            })
    void whoTrustsItsCertificateAndKnowsThePasswordIsServed(String url) throws Exception {
        try (Redis redis = open(url.formatted(address(), relay.ca()))) {
            Await.until(LONG, "redis is up", redis::isUp);
            redis.set("a", new byte[] {0, 1, -1}, 60_000).get(30, TimeUnit.SECONDS);
            assertThat(redis.get("a").get(30, TimeUnit.SECONDS)).containsExactly(0, 1, -1);
            assertThat(relay.relayed()).isPositive();
        }
    }

    @Test
    void aLongValueComesThroughWhole() throws Exception {
        try (Redis redis = open("rediss://:s3cret@" + address() + "?ca=" + relay.ca())) {
            Await.until(LONG, "redis is up", redis::isUp);
            byte[] value = new byte[300_000];
            new Random(1).nextBytes(value);
            redis.set("long", value, 60_000).get(30, TimeUnit.SECONDS);
            assertThat(redis.get("long").get(30, TimeUnit.SECONDS)).isEqualTo(value);
        }
    }

    @Test
    void aWrongPasswordIsAwayBehindTlsToo() {
        try (Redis redis = open("rediss://:wrong@" + address() + "?ca=" + relay.ca())) {
            assertAway(redis);
            assertThat(relay.relayed()).isPositive();
        }
    }

    @Test
    void whoTrustsAnotherCertificateSendsNothing() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("other"));
        try (TlsRelay other = TlsRelay.to(server.port(), elsewhere);
                Redis wrongCa = open("rediss://:s3cret@" + address() + "?ca=" + other.ca());
                Redis javasOwn = open("rediss://:s3cret@" + address())) {
            assertAway(wrongCa);
            assertAway(javasOwn);
            assertThat(relay.relayed()).as("the password least of all").isZero();
        }
    }

    /** The certificate is for 127.0.0.1. */
    @Test
    void aCertificateForAnotherNameIsRefusedEvenIfTrusted() {
        try (Redis redis = open("rediss://:s3cret@localhost:" + relay.port() + "?ca=" + relay.ca())) {
            assertAway(redis);
            assertThat(relay.relayed()).isZero();
        }
    }

    @Test
    void whoSpeaksPlainlyToTlsIsAway() {
        try (Redis redis = open("redis://:s3cret@" + address())) {
            assertAway(redis);
            assertThat(relay.relayed()).isZero();
        }
    }

    @Test
    void itComesBackWhenTheLinkDoes() throws Exception {
        try (Redis redis = open("rediss://:s3cret@" + address() + "?ca=" + relay.ca())) {
            Await.until(LONG, "redis is up", redis::isUp);
            server.stop();
            Await.until(LONG, "redis is away", () -> !redis.isUp());
            server.restart();
            Await.until(LONG, "redis is up again", redis::isUp);
            assertThat(redis.get("a").get(30, TimeUnit.SECONDS)).isNull();
        }
    }
}

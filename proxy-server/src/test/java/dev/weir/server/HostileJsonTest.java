package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.RawClient;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bodies made to cost much: each is answered within seconds, and others are served meanwhile. */
class HostileJsonTest {
    private static final int MIB = 1024 * 1024;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** What an event loop may stand still for one of them. */
    private static final Duration STANDSTILL = Duration.ofMillis(20);

    private static final int TRIES = 40;

    private static SimServer backend;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        backend = TestGateway.sim(SimKind.OPENAI, "m");
        gateway = TestGateway.start("""
                server: {event_loops: 1}
                backends: {b: {url: "%s", kind: openai}}
                discover_models: false
                models: {m: {targets: [{backend: b, model: m}]}}
                """.formatted(backend.url()));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        backend.close();
    }

    private static String with(String field) {
        return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]," + field + "}";
    }

    private static String members(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"k" + i + "\":1").collect(Collectors.joining(","));
    }

    private static String longNames(String escape) {
        String same = "a".repeat(9_900) + escape;
        return IntStream.range(0, 498).mapToObj(i -> "\"" + same + i + "\":0").collect(Collectors.joining(","));
    }

    private static String manyNames() {
        return with("\"x\":{" + members(1_000_000) + "}");
    }

    private static String longText() {
        return with("\"x\":\"" + "a".repeat(16 * MIB) + "\"");
    }

    static Stream<Arguments> bodies() {
        return Stream.of(
                Arguments.of("100,000 levels", 400, with("\"x\":" + "[".repeat(100_000) + "]".repeat(100_000))),
                Arguments.of("levels without end", 400, with("\"x\":" + "[".repeat(8 * MIB))),
                Arguments.of("a million names", 400, manyNames()),
                Arguments.of("100,000 fields", 400, with(members(100_000))),
                Arguments.of("five million values", 400, with("\"x\":[" + "{},".repeat(5_000_000) + "1]")),
                Arguments.of("a number of a million digits", 400, with("\"x\":" + "1".repeat(MIB))),
                Arguments.of(
                        "a thousand long names, half of them escaped",
                        200,
                        with(longNames("") + "," + longNames("\\n"))),
                Arguments.of("a name of a mebibyte", 400, with("\"" + "n".repeat(MIB) + "\":1")),
                Arguments.of("the model twice", 400, with("\"model\":\"m\"")),
                Arguments.of("a field twice", 400, with("\"x\":1,\"x\":2")),
                Arguments.of("text without end", 400, "{\"model\":\"m\",\"x\":\"" + "a".repeat(16 * MIB)),
                Arguments.of("no JSON at all", 400, "[".repeat(16 * MIB)),
                Arguments.of("a text of 16 MiB", 200, longText()),
                Arguments.of("16 MiB of underscores", 200, with("\"x\":\"" + "_".repeat(16 * MIB) + "\"")),
                Arguments.of("16 MiB of escapes", 200, with("\"x\":\"" + "\\u0041".repeat(16 * MIB / 6) + "\"")),
                Arguments.of("too large", 413, with("\"x\":\"" + "a".repeat(33 * MIB) + "\"")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void everyBodyIsAnsweredInTime(String what, int status, String body) {
        assertThat(post(body)).isEqualTo(status);
    }

    /** Other work of the machine may hold a loop up as well: one try of many shows that the body did not. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("costly")
    void noBodyHoldsAnEventLoop(String what, String body) {
        Duration best = LIMIT;
        for (int i = 0; i < TRIES && best.compareTo(STANDSTILL) > 0; i++) {
            Duration longest = longestWhile(body);
            best = longest.compareTo(best) < 0 ? longest : best;
        }
        assertThat(best).isLessThanOrEqualTo(STANDSTILL);
    }

    static Stream<Arguments> costly() {
        return Stream.of(
                Arguments.of("a million names", manyNames()), Arguments.of("a text without end", longText() + ","));
    }

    @Test
    void compressedBodiesAreNotInflated() {
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.sendRequest(
                    "POST /v1/chat/completions",
                    "not looked at",
                    "Authorization: Bearer " + TestGateway.KEY,
                    "Content-Encoding: gzip");
            assertThat(client.readResponse().status()).isEqualTo(415);
        }
    }

    private static int post(String body) {
        try (RawClient client = RawClient.connect(gateway.port()).timeout(LIMIT)) {
            client.sendRequest("POST /v1/chat/completions", body, "Authorization: Bearer " + TestGateway.KEY);
            return client.readResponse().status();
        }
    }

    /** The longest that a request of somebody else took while the body was read. */
    private static Duration longestWhile(String body) {
        CompletableFuture<Integer> hostile = CompletableFuture.supplyAsync(() -> post(body));
        Duration longest = Duration.ZERO;
        try (RawClient other = RawClient.connect(gateway.port()).timeout(LIMIT)) {
            while (!hostile.isDone()) {
                long begin = System.nanoTime();
                other.sendRequest("GET /healthz", "");
                assertThat(other.readResponse().status()).isEqualTo(200);
                Duration took = Duration.ofNanos(System.nanoTime() - begin);
                longest = took.compareTo(longest) > 0 ? took : longest;
            }
        }
        assertThat(hostile.join()).isEqualTo(400);
        return longest;
    }
}

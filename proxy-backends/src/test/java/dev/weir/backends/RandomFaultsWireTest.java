package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Clients and backends that do whatever comes to their minds: nothing may be left behind. */
class RandomFaultsWireTest {
    private static final int CLIENTS = 4;
    private static final int REQUESTS_EACH = 25_000;
    private static final String CHAT = "{\"model\": \"m\", \"messages\": []}";

    private static final List<Script> MOODS = List.of(
            Script.ok("{\"answered\": true}"),
            Script.ok("{\"answered\": true}"),
            Script.sseChat(3),
            Script.status(500),
            Script.status(503),
            Script.closeBeforeHead(),
            Script.resetBeforeHead(),
            Script.closeMidBody(),
            Script.resetMidBody(),
            Script.closeMidStream(),
            Script.resetMidStream());

    @Test
    void noSlotAndNoConnectionIsLeftBehind() throws Exception {
        AtomicInteger turn = new AtomicInteger();
        Script anyMood = (request, peer) -> MOODS.get(new Random(turn.getAndIncrement()).nextInt(MOODS.size()))
                .run(request, peer);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (FakeBackend one = FakeBackend.start().onRequest(anyMood);
                FakeBackend two = FakeBackend.start().onRequest(anyMood);
                TestFleet fleet = TestFleet.before(
                        new BackendGroup.Settings(2, 100, 1_000, 16, 1_000),
                        spec -> TestFleet.spec(spec.name(), spec.url().toString(), 2, TestFleet.PATIENT),
                        one,
                        two)) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                long seed = i;
                done.add(clients.submit(() -> requests(fleet, new Random(seed))));
            }
            for (Future<?> each : done) {
                each.get();
            }

            fleet.awaitIdle();
            one.awaitOpenConnections(fleet.backend("b1").idleConnections());
            two.awaitOpenConnections(fleet.backend("b2").idleConnections());
            one.clearFailures();
            two.clearFailures();
        } finally {
            clients.shutdownNow();
        }
    }

    private static void requests(TestFleet fleet, Random random) {
        for (int i = 0; i < REQUESTS_EACH; i++) {
            try (RawClient client = fleet.connect()) {
                client.sendRequest("POST /v1/chat/completions", CHAT);
                switch (random.nextInt(4)) {
                    case 0 -> client.reset();
                    case 1 -> assertThat(client.readHead().status()).isGreaterThanOrEqualTo(200);
                    default -> {
                        RawResponse answer = client.readResponse();
                        assertThat(answer.status()).isIn(200, 500, 502, 503);
                    }
                }
            }
        }
    }
}

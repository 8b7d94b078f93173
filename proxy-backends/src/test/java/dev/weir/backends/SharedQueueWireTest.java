package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who goes first where keys and models compete for one backend with one slot, and what those who wait are told. */
class SharedQueueWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final Semaphore answers = new Semaphore(0);
    private final ScriptedBackend backend = gateway.backend("a", spec -> spec.maxInFlight(1))
            .onRequest((request, peer) -> {
                if (answers.tryAcquire(20, TimeUnit.SECONDS)) {
                    Script.sseChat(1).run(request, peer);
                }
            });
    private final List<RawClient> clients = new ArrayList<>();

    private RawClient ask(String model, String key, int number) {
        RawClient client = gateway.client();
        client.sendRequest(
                "POST " + GatewayFixture.CHAT,
                GatewayFixture.body(model),
                "x-key: " + key,
                "x-number: " + key + number);
        clients.add(client);
        Await.until("it has arrived", () -> gateway.engine().exchanges() == clients.size());
        return client;
    }

    private List<String> served() {
        answers.release(clients.size());
        clients.forEach(client -> assertThat(client.readResponse().status()).isEqualTo(200));
        return backend.requests().stream()
                .map(request -> String.valueOf(request.header("x-number")))
                .toList();
    }

    private static ModelSpec model(String name, int priority) {
        return new ModelSpec(
                name,
                List.of(new ModelSpec.TargetSpec("a", "served", 1)),
                List.of(),
                Map.of(),
                new Balancing(Balancing.Balance.WARM, Affinity.NONE, priority),
                OllamaPolicy.NONE);
    }

    @Test
    void keysTakeTurnsHoweverManyRequestsOneHasWaiting() {
        gateway.start();
        ask("m", "a", 0);
        backend.awaitRequest(1);
        for (int i = 1; i <= 4; i++) {
            ask("m", "a", i);
        }
        ask("m", "b", 1);
        ask("m", "b", 2);
        gateway.awaitQueued("m", 6);

        assertThat(served()).containsExactly("a0", "a1", "b1", "a2", "b2", "a3", "a4");
    }

    @Test
    void aHigherPriorityGoesFirst() {
        gateway.model(model("low", 0)).model(model("high", 9)).start();
        ask("low", "l", 0);
        backend.awaitRequest(1);
        ask("low", "l", 1);
        ask("low", "l", 2);
        ask("high", "h", 1);
        ask("high", "h", 2);
        gateway.awaitQueued("low", 2);
        gateway.awaitQueued("high", 2);

        assertThat(served()).containsExactly("l0", "h1", "h2", "l1", "l2");
    }

    @Test
    void whoWaitsHearsItsPlaceAndTheExpectedWait() {
        gateway.heartbeatMillis(30).start();
        ask("m", "a", 0);
        backend.awaitRequest(1);
        ask("m", "a", 1);
        RawClient last = ask("m", "a", 2);
        last.readHead();
        assertThat(last.readSseEvent()).matches(": weir queue=2 wait=[0-9]+s");

        answers.release(1);

        String event = last.readSseEvent();
        while (String.valueOf(event).contains("queue=2")) {
            event = last.readSseEvent();
        }
        assertThat(event).matches(": weir queue=1 wait=[0-9]+s");
        answers.release(2);
        while (event != null && !event.contains("[DONE]")) {
            event = last.readSseEvent();
        }
        assertThat(event).contains("[DONE]");
    }

    @Test
    void whoLeavesIsOutAtOnceAndOthersMoveUp() {
        gateway.start();
        ask("m", "a", 0);
        backend.awaitRequest(1);
        RawClient leaves = ask("m", "a", 1);
        ask("m", "a", 2);
        gateway.awaitQueued("m", 2);

        leaves.close();
        clients.remove(leaves);

        gateway.awaitQueued("m", 1);
        assertThat(served()).containsExactly("a0", "a2");
    }
}

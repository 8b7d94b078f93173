package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests that wait because all targets are at their limit. */
class QueueWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final Semaphore answers = new Semaphore(0);
    private final Script onPermit = (request, peer) -> {
        if (answers.tryAcquire(5, TimeUnit.SECONDS)) {
            peer.json("{}");
        }
    };

    private RawClient ask(int number) {
        RawClient client = gateway.client();
        client.sendRequest("POST " + GatewayFixture.CHAT, GatewayFixture.body("m"), "x-number: " + number);
        return client;
    }

    @Test
    void theyAreServedInTheOrderInWhichTheyCame() {
        ScriptedBackend backend =
                gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        gateway.start();
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            clients.add(ask(i));
            int waiting = i;
            Await.until(
                    "request " + i + " has arrived",
                    () -> gateway.group("m").queued() == waiting
                            && gateway.engine().exchanges() == waiting + 1);
        }

        answers.release(10);

        clients.forEach(client -> assertThat(client.readResponse().status()).isEqualTo(200));
        assertThat(backend.requests())
                .extracting(request -> request.header("x-number"))
                .containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    }

    @Test
    void aFreedSlotLetsExactlyOneIn() {
        ScriptedBackend backend =
                gateway.backend("a", spec -> spec.maxInFlight(2)).onRequest(onPermit);
        gateway.start();
        for (int i = 0; i < 6; i++) {
            ask(i);
        }
        gateway.awaitQueued("m", 4);

        answers.release();

        backend.awaitRequest(3);
        gateway.awaitQueued("m", 3);
        assertThat(gateway.seen("a").inFlight()).isEqualTo(2);
        assertThat(backend.requests()).hasSize(3);
        answers.release(10);
    }

    @Test
    void aFullQueueAnswersAtOnceWhenToComeBack() {
        gateway.settings(new BackendGroup.Settings(2, 20, 10, 1, 60_000));
        gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        gateway.start();
        ask(0);
        ask(1);
        gateway.awaitQueued("m", 1);

        long start = System.nanoTime();
        RawResponse response = gateway.post();

        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(4_000);
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).contains("\"code\":\"slow_down\"");
        assertThat(response.header("retry-after")).isEqualTo("1");
        answers.release(10);
    }

    @Test
    void whoWaitsTooLongIsToldToSlowDown() {
        gateway.settings(new BackendGroup.Settings(2, 20, 10, 8, 150));
        gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        gateway.start();
        ask(0);
        Await.until("the slot is taken", () -> gateway.seen("a").inFlight() == 1);

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).contains("\"code\":\"slow_down\"");
        assertThat(gateway.group("m").queued()).isZero();
        answers.release(10);
    }

    @Test
    void whenTheBackendFallsOutNobodyWaitsForIt() {
        gateway.settings(new BackendGroup.Settings(0, 20, 10, 8, 60_000));
        ScriptedBackend backend =
                gateway.backend("a", spec -> spec.maxInFlight(1).eject(1, 60_000, 60_000));
        backend.enqueue((request, peer) -> {
            answers.tryAcquire(5, TimeUnit.SECONDS);
            backend.fake().refuseConnections();
            peer.reset();
        });
        gateway.start();
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(ask(i));
        }
        gateway.awaitQueued("m", 4);

        answers.release();

        clients.forEach(client -> assertThat(client.readResponse().status()).isIn(502, 503));
        assertThat(gateway.group("m").queued()).isZero();
    }

    @Test
    void whenABackendIsDrainedThoseWhoWaitForItAreRefused() {
        gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        gateway.start();
        RawClient served = ask(0);
        Await.until("the slot is taken", () -> gateway.seen("a").inFlight() == 1);
        RawClient waiting = ask(1);
        gateway.awaitQueued("m", 1);

        gateway.seen("a").drain();

        assertThat(waiting.readResponse().status()).isEqualTo(503);
        answers.release();
        assertThat(served.readResponse().status()).isEqualTo(200);
    }

    @Test
    void whenABackendComesBackAllItsSlotsAreUsed() {
        gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        ScriptedBackend b = gateway.backend("b", spec -> spec.maxInFlight(3)).onRequest(onPermit);
        gateway.start();
        gateway.seen("b").drain();
        for (int i = 0; i < 5; i++) {
            ask(i);
        }
        gateway.awaitQueued("m", 4);

        gateway.seen("b").enable();

        b.awaitRequest(3);
        gateway.awaitQueued("m", 1);
        answers.release(10);
    }

    @Test
    void aReloadThatReplacesTheBackendLetsThemWaitOnAndServesThem() {
        ScriptedBackend backend =
                gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        gateway.start();
        RawClient served = ask(0);
        backend.awaitRequest(1);
        RawClient waiting = ask(1);
        gateway.awaitQueued("m", 1);
        Backend before = gateway.seen("a");

        gateway.spec(new SpecBuilder("a", backend.fake().url()).maxInFlight(2).build());
        gateway.reload();
        answers.release(2);

        assertThat(served.readResponse().status()).isEqualTo(200);
        assertThat(waiting.readResponse().status()).isEqualTo(200);
        assertThat(gateway.seen("a")).isNotSameAs(before);
        Await.until("the old one keeps no connection", () -> before.inFlight() == 0 && before.idleConnections() == 0);
    }

    @Test
    void thoseWhoComeLaterDoNotOvertake() {
        ScriptedBackend backend =
                gateway.backend("a", spec -> spec.maxInFlight(1)).onRequest(onPermit);
        gateway.start();
        RawClient greedy = ask(0);
        backend.awaitRequest(1);
        ask(1);
        gateway.awaitQueued("m", 1);
        // The next request of the first client lies ready in the moment in which the slot becomes free.
        greedy.sendRequest("POST " + GatewayFixture.CHAT, GatewayFixture.body("m"), "x-number: 2");

        answers.release(3);

        backend.awaitRequest(3);
        assertThat(backend.requests())
                .extracting((ReceivedRequest request) -> request.header("x-number"))
                .containsExactly("0", "1", "2");
    }
}

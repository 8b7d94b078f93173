package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which connections to a backend are used again, and for how long. */
class ConnectionPoolWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    /** So many requests at once, answered only when all of them have arrived. */
    private List<ReceivedRequest> atOnce(ScriptedBackend backend, int count) {
        CountDownLatch all = new CountDownLatch(count);
        Script together = (request, peer) -> {
            all.countDown();
            all.await(5, TimeUnit.SECONDS);
            peer.json("{}");
        };
        List<RawClient> clients = new ArrayList<>();
        int before = backend.requests().size();
        for (int i = 0; i < count; i++) {
            backend.enqueue(together);
        }
        for (int i = 0; i < count; i++) {
            clients.add(gateway.ask());
        }
        clients.forEach(client -> assertThat(client.readResponse().status()).isEqualTo(200));
        return backend.requests().subList(before, before + count);
    }

    @Test
    void aCleanConnectionIsUsedAgain() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.start();
        for (int i = 1; i <= 20; i++) {
            gateway.post();
            assertThat(backend.awaitRequest(i).requestNumberOnConnection()).isEqualTo(i);
        }
        assertThat(gateway.seen("a").idleConnections()).isEqualTo(1);
    }

    @Test
    void requestsOfOneClientAheadOfEachOtherUseItOneAfterTheOther() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.start();
        RawClient client = gateway.client();
        for (int i = 0; i < 10; i++) {
            client.sendRequest("POST " + GatewayFixture.CHAT, GatewayFixture.body("m"));
        }
        for (int i = 0; i < 10; i++) {
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
        assertThat(backend.awaitRequest(10).requestNumberOnConnection()).isEqualTo(10);
    }

    @Test
    void theNewestIsTakenFirst() {
        ScriptedBackend backend = gateway.backend("a");
        gateway.start();
        CountDownLatch slow = new CountDownLatch(1);
        backend.enqueue((request, peer) -> {
            slow.await(5, TimeUnit.SECONDS);
            peer.json("{}");
        });
        RawClient late = gateway.ask();
        ReceivedRequest onOlder = backend.awaitRequest(1);
        gateway.post();
        slow.countDown();
        late.readResponse();
        Await.until("both are idle", () -> gateway.seen("a").idleConnections() == 2);

        gateway.post();

        assertThat(backend.awaitRequest(3).connectionNumber()).isEqualTo(onOlder.connectionNumber());
    }

    @Test
    void noMoreAreKeptThanAllowed() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.pool(2, 30_000, 600_000));
        gateway.start();

        atOnce(backend, 6);

        assertThat(gateway.seen("a").idleConnections()).isEqualTo(2);
        backend.fake().awaitOpenConnections(2);
    }

    @Test
    void anIdleOneIsClosedAfterItsTime() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.pool(64, 150, 600_000));
        gateway.start();
        gateway.post();

        backend.fake().awaitOpenConnections(0);
        assertThat(gateway.seen("a").idleConnections()).isZero();
        gateway.post();
        assertThat(backend.awaitRequest(2).requestNumberOnConnection()).isEqualTo(1);
    }

    @Test
    void anOldOneIsNotUsedAgain() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.pool(64, 30_000, 1));
        backend.onRequest((request, peer) -> {
            long start = System.nanoTime();
            Await.until("it is old", () -> System.nanoTime() - start > 2_000_000);
            peer.json("{}");
        });
        gateway.start();
        gateway.post();
        gateway.post();

        assertThat(backend.requests())
                .extracting(ReceivedRequest::requestNumberOnConnection)
                .containsExactly(1, 1);
        assertThat(gateway.seen("a").idleConnections()).isZero();
    }

    @Test
    void eachEventLoopKeepsItsOwn() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.pool(1, 30_000, 600_000));
        gateway.loops(2).start();

        atOnce(backend, 8);

        assertThat(gateway.seen("a").idleConnections()).isEqualTo(2);
    }

    @Test
    void aCheckLeavesNothingBehindEvenIfTheBackendKeepsItsConnectionOpen() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.health(20, 1_000, 3, 2));
        gateway.start();

        Await.until("some checks were made", () -> backend.probes().size() > 5);

        assertThat(gateway.seen("a").idleConnections()).isZero();
    }

    @Test
    void aNameThatCannotBeLookedUpCostsNoSocket() {
        gateway.spec(new SpecBuilder("nowhere", "http://no-such-host.invalid:1").build())
                .start();
        assertThat(gateway.post().status()).isEqualTo(503);
        long before = openFiles();
        for (int i = 0; i < 50; i++) {
            assertThat(gateway.post().status()).isEqualTo(503);
        }
        assertThat(openFiles() - before).isLessThan(25);
    }

    private static long openFiles() {
        return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getOpenFileDescriptorCount();
    }
}

package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which connections to a backend are kept, and for how long. */
class PoolWireTest {
    private static final String CHAT = "{\"model\": \"m\", \"messages\": []}";

    private FakeBackend backend;

    @BeforeEach
    void startBackend() {
        backend = FakeBackend.start().onRequest(Script.ok("{}"));
    }

    @AfterEach
    void stopBackend() {
        backend.close();
    }

    private TestFleet fleet(BackendSpec.Pool pool) {
        return TestFleet.before(
                BackendGroup.Settings.DEFAULT,
                spec -> new BackendSpec(
                        spec.name(),
                        spec.url(),
                        spec.kind(),
                        1,
                        64,
                        null,
                        Map.of(),
                        spec.timeouts(),
                        pool,
                        spec.health(),
                        spec.eject(),
                        null),
                backend);
    }

    private static void chat(TestFleet fleet) {
        assertThat(RawClient.post(fleet.port(), "/v1/chat/completions", CHAT).status())
                .isEqualTo(200);
    }

    private static void chatAtOnce(TestFleet fleet, int count) {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(fleet.connect());
        }
        clients.forEach(client -> client.sendRequest("POST /v1/chat/completions", CHAT));
        clients.forEach(client -> {
            assertThat(client.readResponse().status()).isEqualTo(200);
            client.close();
        });
    }

    @Test
    void anIdleConnectionIsClosedAfterItsTime() {
        try (TestFleet fleet = fleet(new BackendSpec.Pool(64, 100, 60_000))) {
            chat(fleet);

            backend.awaitOpenConnections(0);
            Await.until("the pool to be empty", () -> fleet.backend("b1").idleConnections() == 0);
        }
    }

    @Test
    void noMoreConnectionsAreKeptThanAllowed() {
        backend.onRequest((request, peer) -> peer.json("{}"));
        try (TestFleet fleet = fleet(new BackendSpec.Pool(1, 30_000, 60_000))) {
            chatAtOnce(fleet, 4);

            backend.awaitOpenConnections(1);
            assertThat(fleet.backend("b1").idleConnections()).isEqualTo(1);
        }
    }

    @Test
    void theConnectionOfAHealthCheckTakesNoPlaceInThePool() {
        try (TestFleet fleet = fleet(BackendSpec.Pool.DEFAULT)) {
            backend.awaitOpenConnections(0);

            Await.until("the pool to be empty", () -> fleet.backend("b1").idleConnections() == 0);
        }
    }

    @Test
    void aConnectionThatIsTooOldIsNotUsedAgain() {
        try (TestFleet fleet = fleet(new BackendSpec.Pool(64, 30_000, 1))) {
            int before = backend.acceptedConnections();
            chat(fleet);
            chat(fleet);

            assertThat(backend.acceptedConnections()).isEqualTo(before + 2);
        }
    }

    @Test
    void bytesThatNobodyAskedForCloseAnIdleConnection() {
        try (TestFleet fleet = fleet(BackendSpec.Pool.DEFAULT)) {
            backend.enqueue((request, peer) -> {
                peer.json("{}");
                Await.until(
                        "the connection to be pooled", () -> fleet.backend("b1").idleConnections() == 1);
                peer.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            });
            chat(fleet);

            Await.until(
                    "the connection to leave the pool",
                    () -> fleet.backend("b1").idleConnections() == 0);
            assertThat(RawClient.post(fleet.port(), "/v1/chat/completions", CHAT)
                            .text())
                    .isEqualTo("{}");
        }
    }

    @Test
    void aConnectionThatTheBackendClosesLeavesThePool() {
        try (TestFleet fleet = fleet(BackendSpec.Pool.DEFAULT)) {
            chat(fleet);
            Await.until("the connection to be pooled", () -> fleet.backend("b1").idleConnections() == 1);

            backend.awaitIdleConnections(1);
            backend.closeIdleConnections();

            Await.until(
                    "the connection to leave the pool",
                    () -> fleet.backend("b1").idleConnections() == 0);
        }
    }
}

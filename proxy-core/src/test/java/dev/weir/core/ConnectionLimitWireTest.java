package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits of the whole process: connections, and bytes of collected bodies. */
final class ConnectionLimitWireTest {
    private static final int MAX_CONNECTIONS = 3;
    private static final long MAX_BUFFERED_BYTES = 100_000;

    private final Served.ByTest manual = new Served.ByTest();
    private final TestGateway gateway = TestGateway.start(
            new EngineSettings(
                    HttpLimits.DEFAULT,
                    MAX_CONNECTIONS,
                    0,
                    MAX_BUFFERED_BYTES,
                    EngineSettings.Timeouts.DEFAULT,
                    CidrSet.EMPTY,
                    CidrSet.EMPTY),
            TestGateway.client("/manual", manual));
    private final List<RawClient> clients = new ArrayList<>();

    @AfterEach
    void stop() {
        clients.forEach(RawClient::close);
        gateway.close();
    }

    private void connect(int count) {
        int before = gateway.engine().connections();
        for (int i = 0; i < count; i++) {
            clients.add(gateway.connect());
        }
        Await.until("all are connected", () -> gateway.engine().connections() == before + count);
    }

    @Test
    void beyondTheLimitOnlyOpenRoutesAnswer() {
        connect(MAX_CONNECTIONS);
        try (RawClient extra = gateway.connect()) {
            extra.sendRequest("GET /health", "");
            assertThat(extra.readResponse().text()).isEqualTo("ok");
            extra.sendRequest("POST /echo", "body");
            RawResponse refused = extra.readResponse();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(refused.header("connection")).isEqualTo("close");
            extra.expectClosed();
        }
        assertThat(gateway.awaitRefused()).isEqualTo(503);
    }

    @Test
    void connectionsWithinTheLimitAreServedAllTheSame() {
        connect(MAX_CONNECTIONS + 2);
        RawClient first = clients.get(0);
        first.sendRequest("POST /echo", "body");
        assertThat(first.readResponse().text()).isEqualTo("body");
    }

    @Test
    void farBeyondTheLimitConnectionsAreClosedUnread() {
        connect(MAX_CONNECTIONS + 64);
        try (RawClient extra = gateway.connect()) {
            extra.closedOrReset();
        }
        assertThat(gateway.awaitRefused()).isEqualTo(503);
    }

    @Test
    void gatewayRecoversAsSoonAsConnectionsAreGone() {
        connect(MAX_CONNECTIONS);
        clients.get(0).close();
        Await.until("one is gone", () -> gateway.engine().connections() == MAX_CONNECTIONS - 1);
        assertThat(RawClient.post(gateway.port(), "/echo", "body").text()).isEqualTo("body");
    }

    @Test
    void bodiesBeyondTheRoomForAllAre503AndTheRoomIsGivenBack() {
        try (RawClient first = gateway.connect();
                RawClient second = gateway.connect()) {
            first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + "x".repeat(80_000));
            Await.until("the first is held", () -> gateway.engine().bufferedBytes() == 80_000);
            second.sendRequest("POST /echo", "y".repeat(30_000));
            RawResponse refused = second.readResponse();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            first.send("x".repeat(10_000));
            assertThat(first.readResponse().body()).hasSize(90_000);
            Await.until("the room is given back", () -> gateway.engine().bufferedBytes() == 0);
            first.sendRequest("POST /echo", "y".repeat(30_000));
            assertThat(first.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void smallPartsOfABodyAreHeldInLittleMoreThanTheirBytes() {
        try (RawClient client = gateway.connect().timeout(Duration.ofSeconds(30))) {
            String chunk = "1\r\nx\r\n";
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(50_000));
            client.send("0\r\n\r\n");
            assertThat(client.readResponse().text()).isEqualTo("x".repeat(50_000));
        }
    }

    @Test
    void anAddressMayHaveSoManyConnections() {
        try (TestGateway one = TestGateway.start(perAddress(2, CidrSet.EMPTY));
                RawClient first = one.connect();
                RawClient second = one.connect()) {
            for (RawClient client : List.of(first, second)) {
                client.sendRequest("GET /health", "");
                assertThat(client.readResponse().status()).isEqualTo(200);
            }
            try (RawClient third = one.connect()) {
                third.closedOrReset();
            }
            assertThat(one.awaitRefused()).isEqualTo(503);
        }
    }

    @Test
    void anAddressMayComeBackWhenItsConnectionsAreGone() {
        try (TestGateway one = TestGateway.start(perAddress(1, CidrSet.EMPTY))) {
            for (int i = 0; i < 3; i++) {
                assertThat(RawClient.post(one.port(), "/echo", "body").text()).isEqualTo("body");
                Await.until(
                        "nothing is counted",
                        () -> one.engine().connectionCounts().addresses() == 0);
            }
        }
    }

    @Test
    void aTrustedProxyHasAsManyAsItNeeds() {
        try (TestGateway one = TestGateway.start(perAddress(1, CidrSet.of(List.of("127.0.0.0/8"))));
                RawClient first = one.connect();
                RawClient second = one.connect()) {
            for (RawClient client : List.of(first, second)) {
                client.sendRequest("GET /health", "");
                assertThat(client.readResponse().status()).isEqualTo(200);
            }
        }
    }

    private static EngineSettings perAddress(int limit, CidrSet trusted) {
        return new EngineSettings(
                HttpLimits.DEFAULT,
                100,
                limit,
                MAX_BUFFERED_BYTES,
                EngineSettings.Timeouts.DEFAULT,
                trusted,
                CidrSet.EMPTY);
    }
}

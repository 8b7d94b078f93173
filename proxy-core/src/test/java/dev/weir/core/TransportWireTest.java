package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Sending;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What depends on how the sockets are driven, on each transport that works here. */
final class TransportWireTest {
    private final Served.ByTest manual = new Served.ByTest();

    private TestGateway start(Transport transport) {
        try {
            Transport.of(transport.toString());
        } catch (IllegalArgumentException e) {
            assumeTrue(false, e.getMessage());
        }
        return TestGateway.start(
                transport,
                EngineSettings.DEFAULT,
                TestGateway.client("/manual", manual),
                TestGateway.client("/refuses", manual, exchange -> Verdict.reject(GatewayError.FORBIDDEN, "no")));
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreServedAndConnectionsKept(Transport transport) {
        try (TestGateway gateway = start(transport);
                RawClient client = gateway.connect()) {
            client.sendRequest("POST /echo", "x".repeat(200_000));
            assertThat(client.readResponse().body()).hasSize(200_000);
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesIsSeenAtOnce(Transport transport) {
        try (TestGateway gateway = start(transport)) {
            for (int i = 0; i < 2; i++) {
                try (RawClient client = gateway.connect()) {
                    client.sendRequest("GET /manual", "");
                    Served served = manual.await();
                    if (i == 0) {
                        client.reset();
                    } else {
                        client.shutdownOutput();
                    }
                    Await.until(Duration.ofSeconds(4), "the upstream is cancelled", () -> served.cancels() == 1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalIsReadByAClientThatKeepsSending(Transport transport) {
        int bytes = 8 * 1024 * 1024;
        try (TestGateway gateway = start(transport);
                RawClient client = gateway.connect()) {
            client.send("POST /refuses HTTP/1.1\r\nHost: a\r\nContent-Length: " + bytes + "\r\n\r\n");
            Sending upload = client.sendInBackground(new byte[64 * 1024], bytes);
            Await.until("all of the upload is taken", upload::finished);
            assertThat(client.readResponse().status()).isEqualTo(403);
            client.expectClosed();
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodyThatEndsWithTheConnectionEndsInOrderOrIsCutByAReset(Transport transport) {
        try (TestGateway gateway = start(transport);
                RawClient whole = gateway.connect();
                RawClient cut = gateway.connect()) {
            whole.send("GET /manual HTTP/1.0\r\n\r\n");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.writeLast("whole");
            RawResponse answer = whole.readResponse();
            assertThat(answer.text()).isEqualTo("whole");
            assertThat(answer.complete()).isTrue();

            cut.send("GET /manual HTTP/1.0\r\n\r\n");
            Served failing = manual.await();
            failing.writeHead(200, ResponseHead.UNKNOWN);
            failing.write("part");
            failing.fail(GatewayError.BACKEND_FAILED);
            cut.expectReset();
        }
    }

    @Test
    void unknownTransportIsRefused() {
        assertThatThrownBy(() -> Transport.of("pigeon"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pigeon");
    }
}

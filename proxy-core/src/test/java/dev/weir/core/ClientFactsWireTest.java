package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who a client is taken for, and how its requests are named. */
final class ClientFactsWireTest {
    private static final CidrSet LOOPBACK = CidrSet.of(List.of("127.0.0.0/8"));
    private static final CidrSet PRIVATE = CidrSet.of(List.of("127.0.0.1", "10.0.0.0/8", "fd00::/8"));

    private @Nullable TestGateway gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private int start(CidrSet trusted, CidrSet allowed) {
        EngineSettings settings = new EngineSettings(
                HttpLimits.DEFAULT, 100, 0, 100_000, EngineSettings.Timeouts.DEFAULT, trusted, allowed);
        TestGateway started = TestGateway.start(
                settings,
                TestGateway.open(
                        "/who",
                        Endpoint.answering(exchange -> LocalResponse.text(
                                200,
                                exchange.clientAddress().getHostAddress() + "|" + exchange.forwardedFor() + "|"
                                        + (exchange.secure() ? "secure" : "plain")))));
        gateway = started;
        return started.port();
    }

    @Test
    void forwardingHeadersOfAnUntrustedPeerAreNotBelieved() {
        int port = start(CidrSet.EMPTY, CidrSet.EMPTY);
        RawResponse answer = RawClient.get(port, "/who", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https");
        assertThat(answer.text()).isEqualTo("127.0.0.1|127.0.0.1|plain");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "1.2.3.4; 1.2.3.4|1.2.3.4, 127.0.0.1|plain",
                "6.6.6.6, 1.2.3.4; 1.2.3.4|6.6.6.6, 1.2.3.4, 127.0.0.1|plain",
                "1.2.3.4, 10.1.2.3; 1.2.3.4|1.2.3.4, 10.1.2.3, 127.0.0.1|plain",
                "1.2.3.4 ,fd00::1, 10.0.0.1; 1.2.3.4|1.2.3.4 ,fd00::1, 10.0.0.1, 127.0.0.1|plain",
                "10.9.9.9; 10.9.9.9|10.9.9.9, 127.0.0.1|plain",
                "2001:db8::1; 2001:db8:0:0:0:0:0:1|2001:db8::1, 127.0.0.1|plain",
                "unknown; 127.0.0.1|127.0.0.1|plain",
                "1.2.3.4, unknown, 10.0.0.1; 10.0.0.1|127.0.0.1|plain",
            })
    void clientIsTheRightmostAddressThatIsNotTrusted(String forwardedFor, String expected) {
        int port = start(PRIVATE, CidrSet.EMPTY);
        RawResponse answer = RawClient.get(port, "/who", "X-Forwarded-For: " + forwardedFor);
        assertThat(answer.text()).isEqualTo(expected);
    }

    @Test
    void linesOfForwardingHeadersAreReadAsOneList() {
        int port = start(PRIVATE, CidrSet.EMPTY);
        RawResponse answer = RawClient.get(
                port,
                "/who",
                "X-Forwarded-For: 6.6.6.6, 1.2.3.4",
                "X-Forwarded-For: 10.0.0.1",
                "X-Forwarded-Proto: https");
        assertThat(answer.text()).isEqualTo("1.2.3.4|6.6.6.6, 1.2.3.4, 10.0.0.1, 127.0.0.1|secure");
    }

    @Test
    void schemeIsBelievedThoughAnAddressIsUnreadable() {
        int port = start(PRIVATE, CidrSet.EMPTY);
        RawResponse answer = RawClient.get(port, "/who", "X-Forwarded-For: unknown", "X-Forwarded-Proto: https");
        assertThat(answer.text()).isEqualTo("127.0.0.1|127.0.0.1|secure");
    }

    @Test
    void addressOutsideTheAllowedNetworksIs403() {
        int port = start(LOOPBACK, CidrSet.of(List.of("1.2.3.0/24")));
        assertThat(RawClient.get(port, "/who", "X-Forwarded-For: 1.2.3.4").status())
                .isEqualTo(200);
        assertThat(RawClient.get(port, "/who", "X-Forwarded-For: 1.2.4.4").status())
                .isEqualTo(403);
        assertThat(RawClient.get(port, "/who").status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "7b0e4f7e-9c50-4d5e-a7a5-1f6f8b1d2c3d", "trace:1.2_3-4"})
    void saneRequestIdOfTheClientIsKept(String id) {
        int port = start(CidrSet.EMPTY, CidrSet.EMPTY);
        RawResponse answer = RawClient.get(port, "/who", "X-Request-ID: " + id);
        assertThat(answer.headers().all("x-request-id")).containsExactly(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a,b", "<script>", "a\"b", "\u00e9", "{}"})
    void insaneRequestIdIsReplaced(String id) {
        int port = start(CidrSet.EMPTY, CidrSet.EMPTY);
        RawResponse answer = RawClient.get(port, "/who", "X-Request-ID: " + id);
        assertThat(answer.header("x-request-id")).matches("[0-9a-z]{24}");
    }

    @Test
    void overlongRequestIdIsReplaced() {
        int port = start(CidrSet.EMPTY, CidrSet.EMPTY);
        assertThat(RawClient.get(port, "/who", "x-request-id: " + "a".repeat(128))
                        .header("x-request-id"))
                .hasSize(128);
        assertThat(RawClient.get(port, "/who", "x-request-id: " + "a".repeat(129))
                        .header("x-request-id"))
                .hasSize(24);
    }

    @Test
    void newRequestIdsDiffer() {
        int port = start(CidrSet.EMPTY, CidrSet.EMPTY);
        assertThat(RawClient.get(port, "/who").header("x-request-id"))
                .isNotEqualTo(RawClient.get(port, "/who").header("x-request-id"));
    }
}

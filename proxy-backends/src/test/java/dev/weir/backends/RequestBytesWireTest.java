package dev.weir.backends;

import static dev.weir.backends.TwoBackends.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What backends get of a request, byte for byte, by its model or relayed. */
class RequestBytesWireTest {
    @RegisterExtension
    final TwoBackends backends = new TwoBackends();

    private final FakeBackend one = backends.one();
    private final FakeBackend two = backends.two();

    @Test
    void aRelayedRequestIsNotRepeatedOnceItWasSent() {
        try (TestFleet fleet = TestFleet.before(one, two)) {
            one.enqueue(Script.closeBeforeHead());

            RawResponse answer = RawClient.post(fleet.port(), "/v1/files", "{\"anything\": 1}");

            assertThat(answer.status()).isEqualTo(502);
            assertThat(one.requests()).hasSize(2);
        }
    }

    @Test
    void aRelayedBodyIsStreamedAsItCame() {
        try (TestFleet fleet = TestFleet.before(one);
                RawClient client = fleet.connect()) {
            client.send("POST /v1/files?purpose=x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send("5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer-Field: x\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(200);

            ReceivedRequest received = one.awaitRequest(2);
            assertThat(received.target()).isEqualTo("/v1/files?purpose=x");
            assertThat(received.text()).isEqualTo("hello world");
            assertThat(received.trailers().fields()).isEmpty();
        }
    }

    @Test
    void aRelayedPathStaysAsItIs() {
        try (TestFleet fleet = TestFleet.before(one)) {
            RawClient.post(fleet.port(), "/tokenize", "{\"anything\": 1}");

            assertThat(one.awaitRequest(2).target()).isEqualTo("/tokenize");
        }
    }

    @Test
    void backendsGetTheirOwnModelNameAndEverythingElseByteForByte() {
        try (TestFleet fleet = TestFleet.before(one)) {
            String body =
                    "{ \"b\" :[1,2.50,\"\\u00e9é\"],\"model\" : \"m\", \"x\":{\"model\":\"m\"} ,\"max_completion_tokens\":5}";

            RawClient.post(fleet.port(), "/v1/chat/completions", body);

            assertThat(new String(one.awaitRequest(2).body(), StandardCharsets.UTF_8))
                    .isEqualTo(body.replace("\"model\" : \"m\"", "\"model\" : \"upstream-m\""));
        }
    }

    @Test
    void whatIsTheClientsOwnOrBelongsToOneHopIsNotForwarded() {
        try (TestFleet fleet = TestFleet.before(one)) {
            RawClient.post(
                    fleet.port(),
                    "/chat/completions",
                    CHAT,
                    "Authorization: Bearer client-secret",
                    "x-api-key: client-secret",
                    "Connection: keep-alive, X-Nominated",
                    "X-Nominated: 1",
                    "TE: trailers",
                    "Upgrade: h2c",
                    "Origin: http://evil",
                    "Accept-Encoding: gzip",
                    "Transfer_Encoding: chunked",
                    "X-Forwarded-For: 6.6.6.6",
                    "Forwarded: for=6.6.6.6",
                    "X-Kept: yes");

            ReceivedRequest received = one.awaitRequest(2);
            assertThat(received.target()).isEqualTo("/v1/chat/completions");
            assertThat(received.rawHead()).doesNotContain("client-secret").doesNotContain("6.6.6.6");
            assertThat(received.header("Authorization")).isEqualTo("Bearer backend-key");
            assertThat(received.header("X-Team")).isEqualTo("a");
            assertThat(received.header("X-Kept")).isEqualTo("yes");
            assertThat(received.header("Host")).isEqualTo("127.0.0.1:" + one.port());
            assertThat(received.header("X-Forwarded-For")).isEqualTo("127.0.0.1");
            assertThat(received.header("Via")).isEqualTo("1.1 weir");
            for (String gone : List.of(
                    "X-Nominated", "TE", "Upgrade", "Origin", "Accept-Encoding", "Transfer_Encoding", "Forwarded")) {
                assertThat(received.header(gone)).as(gone).isNull();
            }
        }
    }
}

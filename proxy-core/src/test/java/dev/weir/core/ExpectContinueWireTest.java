package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code Expect: 100-continue}: the body is invited when somebody wants it, and only then (RFC 9110 section 10.1.1). */
final class ExpectContinueWireTest {
    private static final Duration SILENCE = Duration.ofMillis(60);

    private final Served.ByTest stream = new Served.ByTest(false);
    private final CompletableFuture<Verdict> decision = new CompletableFuture<>();
    private final TestGateway gateway = TestGateway.start(
            TestGateway.client("/stream", stream),
            TestGateway.client("/refuses", new Served.ByTest(), refusing()),
            TestGateway.client("/decides", echo(), exchange -> Verdict.await(decision)));

    @AfterEach
    void stop() {
        gateway.close();
    }

    private static Middleware refusing() {
        return exchange -> Verdict.reject(GatewayError.INVALID_API_KEY, "no key");
    }

    private static Endpoint echo() {
        return new Endpoint() {
            @Override
            public boolean needsBody() {
                return true;
            }

            @Override
            public void serve(Exchange exchange, Downstream downstream) {
                downstream.respond(LocalResponse.text(200, exchange.body().readableBytes() + " bytes"));
            }
        };
    }

    private static String head(String path, String version) {
        return "POST " + path + " " + version + "\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n";
    }

    @Test
    void bodyIsInvitedOnceAndThenAnswered() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/echo", "HTTP/1.1"));
            RawResponse interim = client.readInterim();
            assertThat(interim.rawHead()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            client.send("ab");
            client.expectSilence(SILENCE);
            client.send("cd");
            assertThat(client.readResponse().text()).isEqualTo("abcd");
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @Test
    void bodyThatComesWithTheHeadNeedsNoInvitation() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/echo", "HTTP/1.1") + "abcd");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("abcd");
        }
    }

    @Test
    void refusedRequestGetsItsAnswerAndNoInvitation() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/refuses", "HTTP/1.1"));
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.header("connection")).isEqualTo("close");
            client.expectClosed();
        }
    }

    @Test
    void tooLargeAnAnnouncementIsNotInvited() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/echo", "HTTP/1.1").replace("Length: 4", "Length: 9999999"));
            assertThat(client.readResponse().status()).isEqualTo(413);
            client.expectClosed();
        }
    }

    @Test
    void invitationWaitsForTheDecision() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/decides", "HTTP/1.1"));
            client.expectSilence(SILENCE);
            decision.complete(Verdict.PROCEED);
            client.readInterim();
            client.send("abcd");
            assertThat(client.readResponse().text()).isEqualTo("4 bytes");
        }
    }

    @Test
    void invitationWaitsForTheUpstreamToTakeTheBody() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/stream", "HTTP/1.1"));
            Served served = stream.await();
            client.expectSilence(SILENCE);
            served.setWritable(true);
            client.readInterim();
            client.send("abcd");
            served.awaitReceived("abcd");
            served.awaitLast();
        }
    }

    @Test
    void emptyBodyIsNotInvited() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/echo", "HTTP/1.1").replace("Length: 4", "Length: 0"));
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void oldClientIsNeverSentAnInterimResponse() {
        try (RawClient client = gateway.connect()) {
            client.send(head("/echo", "HTTP/1.0"));
            client.expectSilence(SILENCE);
            client.send("abcd");
            assertThat(client.readResponse().text()).isEqualTo("abcd");
        }
    }
}

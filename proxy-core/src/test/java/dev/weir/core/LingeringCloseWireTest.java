package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Sending;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Refusals that must reach a client which goes on sending (RFC 9112 section 9.6). */
final class LingeringCloseWireTest {
    private static final int UPLOAD_BYTES = 32 * 1024 * 1024;
    private static final String POST = " HTTP/1.1\r\nHost: a\r\nContent-Length: " + UPLOAD_BYTES + "\r\n\r\n";

    private final Served.ByTest manual = new Served.ByTest();
    private final TestGateway gateway = TestGateway.start(
            TestGateway.client("/refuses", manual, exchange -> Verdict.reject(GatewayError.INVALID_API_KEY, "no key")),
            TestGateway.client("/manual", manual));

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void refusalOnTheHeadOfALongUploadIsReadByAClientThatKeepsSending() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /refuses" + POST);
            Sending upload = client.sendInBackground(new byte[64 * 1024], UPLOAD_BYTES);
            Await.until("all of the upload is taken", upload::finished);
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.complete()).isTrue();
            client.expectClosed();
        }
        TestGateway.Ended ended = gateway.awaitEnded();
        assertThat(ended.error()).isEqualTo(GatewayError.INVALID_API_KEY);
        assertThat(ended.progress().requestBytes()).isZero();
    }

    @Test
    void refusalOfABrokenRequestIsReadByAClientThatKeepsSending() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /manual HTTP/1.1\r\nContent-Length: 1\r\n\r\n");
            Sending upload = client.sendInBackground(new byte[64 * 1024], UPLOAD_BYTES);
            Await.until("all of the upload is taken", upload::finished);
            assertThat(client.readResponse().status()).isEqualTo(400);
            client.expectClosed();
        }
        assertThat(gateway.awaitRefused()).isEqualTo(400);
    }

    @Test
    void earlyAnswerToAStreamedUploadIsReadByAClientThatKeepsSending() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /manual" + POST.replace(Integer.toString(UPLOAD_BYTES), "1000000"));
            Served served = manual.await();
            served.writeHead(200, 4);
            served.writeLast("done");
            Sending upload = client.sendInBackground(new byte[10_000], 1_000_000);
            Await.until("all of the upload is taken", upload::finished);
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("done");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(served.cancels()).isEqualTo(1);
        }
    }

    @Test
    void connectionIsGoneAsSoonAsTheClientClosesToo() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /refuses" + POST);
            assertThat(client.readResponse().status()).isEqualTo(401);
            assertThat(gateway.engine().connections()).isEqualTo(1);
        }
        Await.until(
                Duration.ofSeconds(3),
                "the connection is gone",
                () -> gateway.engine().connections() == 0);
    }

    @Test
    void clientThatNeitherSendsNorClosesIsClosedAfterAWhile() {
        try (RawClient client = gateway.connect()) {
            client.send("POST /refuses" + POST);
            assertThat(client.readResponse().status()).isEqualTo(401);
            client.expectClosed();
            Await.until(
                    Duration.ofSeconds(8),
                    "the connection is gone",
                    () -> gateway.engine().connections() == 0);
        }
    }
}

package dev.weir.pipeline.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Endpoint;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.core.Middleware;
import dev.weir.pipeline.PipelineServer;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import org.junit.jupiter.api.Test;

final class SecurityHeadersWireTest {
    private static RawResponse answerOf(Endpoint.Answer answer) {
        Middleware middleware =
                new SecurityHeadersFactory().create(new SecurityHeadersSettings(), PipelineServer.noServices());
        try (PipelineServer server = new PipelineServer(Endpoint.answering(answer), middleware)) {
            return RawClient.get(server.port(), "/open");
        }
    }

    private static void assertProtected(RawResponse answer) {
        assertThat(answer.headers().all("x-content-type-options")).containsExactly("nosniff");
        assertThat(answer.headers().all("x-frame-options")).containsExactly("DENY");
        assertThat(answer.headers().all("referrer-policy")).containsExactly("no-referrer");
    }

    @Test
    void everyAnswerIsProtected() {
        RawResponse answer = answerOf(exchange -> LocalResponse.json(200, "{}"));

        assertProtected(answer);
        assertThat(answer.headers().has("content-security-policy")).isFalse();
    }

    @Test
    void errorsAreProtectedToo() {
        RawResponse answer = answerOf(exchange -> {
            throw new GatewayException(GatewayError.NOT_FOUND, "nothing here");
        });

        assertThat(answer.status()).isEqualTo(404);
        assertProtected(answer);
    }

    @Test
    void theBackendsOwnValuesAreReplaced() {
        assertProtected(answerOf(exchange -> LocalResponse.json(200, "{}")
                .with("x-frame-options", "ALLOWALL")
                .with("referrer-policy", "unsafe-url")));
    }

    @Test
    void pagesGetAContentSecurityPolicy() {
        RawResponse answer =
                answerOf(exchange -> LocalResponse.text(200, "<p>").with("content-type", "text/html; charset=utf-8"));

        assertProtected(answer);
        assertThat(answer.header("content-security-policy")).contains("default-src 'self'", "frame-ancestors 'none'");
    }

    @Test
    void thePolicyOfAPageIsKept() {
        RawResponse answer = answerOf(exchange -> LocalResponse.text(200, "<p>")
                .with("content-type", "text/html")
                .with("content-security-policy", "default-src 'none'"));

        assertThat(answer.headers().all("content-security-policy")).containsExactly("default-src 'none'");
    }
}

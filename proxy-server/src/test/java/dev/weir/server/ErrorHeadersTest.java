package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a browser and an operator find on every answer, errors included. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ErrorHeadersTest {
    private final SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");
    private TestGateway gateway;

    @BeforeAll
    void start() {
        gateway = TestGateway.start("""
                server: {max_body_bytes: 1KiB}
                backends: {a: {url: "%s", kind: openai}}
                models: {chat: {targets: [{backend: a, model: phi3}]}}
                """.formatted(sim.url()));
    }

    @AfterAll
    void stop() {
        gateway.close();
        sim.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "200 | GET  | /v1/models | sk-test-master | ''",
                "200 | POST | /v1/chat/completions | sk-test-master | {'model':'chat','messages':[{'role':'user','content':'x'}]}",
                "400 | POST | /v1/chat/completions | sk-test-master | {'model'",
                "400 | POST | /v1/chat/completions | sk-test-master | {'messages':[]}",
                "401 | GET  | /v1/models | sk-wrong | ''",
                "401 | GET  | /management/config | sk-wrong | ''",
                "403 | GET  | /v1/models | sk-test-management | ''",
                "404 | GET  | /nothing | sk-wrong | ''",
                "404 | GET  | /v1/models/none | sk-test-master | ''",
                "404 | POST | /v1/chat/completions | sk-test-master | {'model':'none'}",
                "405 | GET  | /v1/chat/completions | sk-test-master | ''",
            })
    void everyAnswerNamesItsRequestAndIsReadableToPages(
            int status, String method, String path, String key, String body) {
        HttpResponse<String> answer =
                gateway.send(method, path, body, "authorization", "Bearer " + key, "origin", "https://app.example");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().allValues("access-control-allow-origin")).containsExactly("*");
        assertThat(answer.headers().allValues("x-content-type-options")).containsExactly("nosniff");
        assertThat(answer.headers().allValues("x-frame-options")).containsExactly("DENY");
        assertThat(answer.headers().allValues("referrer-policy")).containsExactly("no-referrer");
        assertThat(answer.headers().allValues("x-request-id")).hasSize(1);
        assertThat(answer.body()).doesNotContain(key);
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedReadably() {
        HttpResponse<String> answer = gateway.send(
                "POST",
                "/v1/chat/completions",
                "{'model': 'chat', 'messages': '" + "x".repeat(2000) + "'}",
                "authorization",
                "Bearer " + TestGateway.KEY,
                "origin",
                "https://app.example");

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(answer.headers().allValues("access-control-allow-origin")).containsExactly("*");
        assertThat(answer.headers().allValues("x-content-type-options")).containsExactly("nosniff");
    }

    @ParameterizedTest
    @CsvSource({"/v1/chat/completions", "/v1/anything", "/management/config", "/nothing"})
    void aPreflightIsAnsweredWithoutAKey(String path) {
        HttpResponse<String> answer = gateway.send(
                "OPTIONS",
                path,
                "",
                "origin",
                "https://app.example",
                "access-control-request-method",
                "POST",
                "access-control-request-headers",
                "authorization, content-type");

        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.headers().allValues("access-control-allow-origin")).containsExactly("*");
        assertThat(answer.headers().allValues("access-control-allow-headers"))
                .containsExactly("authorization, content-type");
    }
}

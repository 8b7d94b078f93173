package dev.weir.pipeline.cors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.core.Middleware;
import dev.weir.core.Verdict;
import dev.weir.pipeline.PipelineServer;
import dev.weir.testing.HeaderFields;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CorsWireTest {
    private static final List<String> ANY = List.of("*");
    private static final String ORIGIN = "https://app.example.com";
    private static final List<String> EXPOSE = List.of("x-request-id", "retry-after", "x-ratelimit-*", "x-weir-*");

    /** As the record has it. */
    private static final List<String> DEFAULT_EXPOSE =
            List.of("x-request-id", "retry-after", "retry-after-ms", "x-ratelimit-*", "x-weir-*");

    private final AtomicInteger served = new AtomicInteger();
    private PipelineServer server = start(ANY, false);

    private PipelineServer start(List<String> origins, boolean credentials) {
        return start(new CorsSettings(origins, ANY, ANY, Duration.ofMinutes(10), credentials, EXPOSE));
    }

    private PipelineServer start(CorsSettings settings) {
        return new PipelineServer(
                Endpoint.answering(this::answer),
                new CorsFactory().create(settings, PipelineServer.noServices()),
                new RefusesPath());
    }

    /** Stands for auth. */
    private static final class RefusesPath implements Middleware {
        @Override
        public Verdict onRequest(Exchange exchange) {
            return exchange.request().path().equals("/refused")
                    ? Verdict.reject(GatewayError.INVALID_API_KEY, "no")
                    : Verdict.PROCEED;
        }
    }

    /** Answers as a backend that has CORS headers of its own, twice over. */
    private LocalResponse answer(Exchange exchange) throws GatewayException {
        served.incrementAndGet();
        if (exchange.request().path().equals("/failing")) {
            throw new GatewayException(GatewayError.BACKEND_FAILED, "the backend failed");
        }
        LocalResponse answer = LocalResponse.json(200, "{}");
        answer.head()
                .headers()
                .add("Access-Control-Allow-Origin", "https://backend.example")
                .add("X-RateLimit-Limit-Requests", "60")
                .add("access-control-allow-origin", "*")
                .add("Access-Control-Allow-Private-Network", "true")
                .add("x-weir-backend", "llm-01")
                .add("Vary", "Accept-Encoding");
        return answer;
    }

    private void restart(PipelineServer next) {
        server.close();
        server = next;
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private RawResponse get(String path, String... headers) {
        return RawClient.get(server.port(), path, headers);
    }

    private RawResponse preflight(String path, String... headers) {
        try (RawClient client = RawClient.connect(server.port())) {
            client.sendRequest("OPTIONS " + path, "", headers);
            return client.readResponse();
        }
    }

    private static List<String> corsFields(RawResponse answer) {
        return answer.headers().fields().stream()
                .map(HeaderFields.Field::toString)
                .filter(field -> field.regionMatches(true, 0, "access-control-", 0, 15))
                .toList();
    }

    @Test
    void theAnswerToABrowserHasExactlyOneAllowedOrigin() {
        RawResponse answer = get("/v1/models", "Origin: " + ORIGIN);

        assertThat(corsFields(answer))
                .containsExactly(
                        "Access-Control-Allow-Origin: *",
                        "Access-Control-Expose-Headers: x-request-id, retry-after, X-RateLimit-Limit-Requests, "
                                + "x-weir-backend");
        assertThat(answer.headers().all("vary")).containsExactly("Accept-Encoding");
    }

    @Test
    void refusalsAndFailuresCanBeReadByPagesToo() {
        assertThat(get("/refused", "Origin: " + ORIGIN)).satisfies(answer -> {
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.headers().all("access-control-allow-origin")).containsExactly("*");
        });
        assertThat(get("/failing", "Origin: " + ORIGIN)).satisfies(answer -> {
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.headers().all("access-control-allow-origin")).containsExactly("*");
        });
    }

    @Test
    void anAnswerWithoutOriginMayBeCachedForPages() {
        RawResponse answer = get("/v1/models");

        assertThat(corsFields(answer)).containsExactly("Access-Control-Allow-Origin: *");
        assertThat(answer.headers().all("vary")).containsExactly("Accept-Encoding");
    }

    @Test
    void anAnswerWithoutOriginHasNoPermissionOfTheBackends() {
        restart(start(List.of(ORIGIN), false));

        assertThat(corsFields(get("/v1/models"))).isEmpty();
    }

    @Test
    void limitsAndWhenToComeBackCanBeReadByPages() {
        restart(start(new CorsSettings(ANY, ANY, ANY, Duration.ofMinutes(10), false, DEFAULT_EXPOSE)));

        assertThat(get("/v1/models", "Origin: " + ORIGIN).headers().all("access-control-expose-headers"))
                .containsExactly(
                        "x-request-id, retry-after, retry-after-ms, X-RateLimit-Limit-Requests, x-weir-backend");
    }

    @Test
    void aPreflightIsAnsweredWithoutBackendOrKey() {
        RawResponse answer = preflight(
                "/refused",
                "Origin: " + ORIGIN,
                "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: authorization,content-type, x-stainless-os");

        assertThat(answer.status()).isEqualTo(204);
        assertThat(corsFields(answer))
                .containsExactly(
                        "Access-Control-Allow-Origin: *",
                        "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
                        "Access-Control-Allow-Headers: authorization,content-type, x-stainless-os",
                        "Access-Control-Max-Age: 600");
        assertThat(served).hasValue(0);
    }

    @Test
    void theConnectionLivesOnAfterAPreflight() {
        try (RawClient client = RawClient.connect(server.port())) {
            client.sendRequest("OPTIONS /v1/models", "", "Origin: " + ORIGIN, "Access-Control-Request-Method: GET");
            assertThat(client.readResponse().status()).isEqualTo(204);
            client.sendRequest("GET /v1/models", "", "Origin: " + ORIGIN);
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void anUnusualMethodIsAllowedWhereAnyIs() {
        RawResponse answer = preflight("/v1/models", "Origin: " + ORIGIN, "Access-Control-Request-Method: PURGE");

        assertThat(answer.header("access-control-allow-methods")).endsWith(", OPTIONS, PURGE");
    }

    @Test
    void whatIsNoNameIsNotRepeated() {
        RawResponse answer = preflight(
                "/v1/models",
                "Origin: " + ORIGIN,
                "Access-Control-Request-Method: a b",
                "Access-Control-Request-Headers: <script>");

        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.rawHead()).doesNotContain("a b", "<script>");
        assertThat(answer.headers().has("access-control-allow-headers")).isFalse();
    }

    @Test
    void otherOptionsRequestsGoTheirWay() {
        assertThat(preflight("/v1/models", "Origin: " + ORIGIN).status()).isEqualTo(200);
        assertThat(preflight("/v1/models", "Access-Control-Request-Method: GET").status())
                .isEqualTo(200);
        assertThat(served).hasValue(2);
    }

    @Test
    void configuredMethodsAndHeadersAreNamedWhateverIsAsked() {
        restart(start(new CorsSettings(
                ANY, List.of("GET", "POST"), List.of("authorization"), Duration.ZERO, false, List.of())));

        RawResponse answer = preflight(
                "/v1/models",
                "Origin: " + ORIGIN,
                "Access-Control-Request-Method: DELETE",
                "Access-Control-Request-Headers: x-other");
        assertThat(corsFields(answer))
                .containsExactly(
                        "Access-Control-Allow-Origin: *",
                        "Access-Control-Allow-Methods: GET, POST",
                        "Access-Control-Allow-Headers: authorization",
                        "Access-Control-Max-Age: 0");
        assertThat(corsFields(get("/v1/models", "Origin: " + ORIGIN)))
                .containsExactly("Access-Control-Allow-Origin: *");
    }

    @Test
    void aListedOriginIsNamedAndCachesAreTold() {
        restart(start(List.of("https://other.example.com", ORIGIN), false));

        RawResponse answer = get("/v1/models", "Origin: " + ORIGIN);
        assertThat(answer.headers().all("access-control-allow-origin")).containsExactly(ORIGIN);
        assertThat(answer.headers().all("vary")).containsExactly("Accept-Encoding", "Origin");
        RawResponse preflight = preflight("/v1/models", "Origin: " + ORIGIN, "Access-Control-Request-Method: GET");
        assertThat(preflight.header("access-control-allow-origin")).isEqualTo(ORIGIN);
        assertThat(preflight.header("vary")).isEqualTo("Origin");
    }

    @Test
    void anUnlistedOriginGetsNoPermission() {
        restart(start(List.of(ORIGIN), false));

        RawResponse answer = get("/v1/models", "Origin: https://evil.example.com");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(corsFields(answer)).isEmpty();
        assertThat(answer.headers().all("vary")).contains("Origin");
        RawResponse preflight =
                preflight("/v1/models", "Origin: https://evil.example.com", "Access-Control-Request-Method: GET");
        assertThat(preflight.status()).isEqualTo(403);
        assertThat(corsFields(preflight)).isEmpty();
        assertThat(preflight.text()).contains("origin").doesNotContain("evil.example.com");
    }

    @Test
    void cachesLearnThatAnAnswerWithoutOriginWouldVary() {
        restart(start(List.of(ORIGIN), false));

        assertThat(get("/v1/models").headers().all("vary")).contains("Origin");
    }

    @Test
    void credentialsAreNeverAllowedToTheStar() {
        restart(start(ANY, true));

        RawResponse answer = get("/v1/models", "Origin: " + ORIGIN);
        assertThat(corsFields(answer))
                .contains("Access-Control-Allow-Origin: " + ORIGIN, "Access-Control-Allow-Credentials: true");
        assertThat(answer.headers().all("access-control-allow-origin")).hasSize(1);
        assertThat(corsFields(preflight("/v1/models", "Origin: " + ORIGIN, "Access-Control-Request-Method: GET")))
                .contains("Access-Control-Allow-Origin: " + ORIGIN, "Access-Control-Allow-Credentials: true");
    }
}

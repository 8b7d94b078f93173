package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.HeaderFields;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a request reaches the backend, and what of an answer the client. */
class ForwardingWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend backend = gateway.backend("a");

    private ReceivedRequest received(String... headers) {
        gateway.start();
        assertThat(gateway.post("m", headers).status()).isEqualTo(200);
        return backend.awaitRequest(1);
    }

    private SpecBuilder spec() {
        return new SpecBuilder("a", backend.fake().url());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization: Bearer sk-client",
                "x-api-key: sk-client",
                "api-key: sk-client",
                "X-Goog-Api-Key: sk-client",
                "Proxy-Authorization: Basic eA==",
                "Origin: https://evil.example",
                "Accept-Encoding: gzip",
                "X_Underscore: 1",
                "TE: trailers",
                "Trailer: x",
                "Upgrade: websocket",
                "Keep-Alive: timeout=5",
                "Proxy-Connection: keep-alive",
                "HTTP2-Settings: x",
                "Forwarded: for=1.2.3.4",
                "X-Forwarded-Ssl: on",
                "X-Forwarded-Port: 1",
                "X-Forwarded-Scheme: https",
                "X-Forwarded-By: me"
            })
    void fieldsThatAreNobodysBusinessStayBehind(String field) {
        ReceivedRequest received = received(field);

        assertThat(received.headers().has(field.substring(0, field.indexOf(':'))))
                .isFalse();
        assertThat(received.rawHead()).doesNotContain("sk-client");
    }

    /** W3C Trace Context, section 3.2. */
    @Test
    void aTraceGoesOn() {
        ReceivedRequest received =
                received("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=1");

        assertThat(received.header("traceparent")).isEqualTo("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assertThat(received.header("tracestate")).isEqualTo("a=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: x-hop", "Connection: close, X-Hop", "Connection: keep-alive,x-hop"})
    void nominatedFieldsStayBehind(String connection) {
        ReceivedRequest received = received(connection, "X-Hop: 1", "X-Else: 2");

        assertThat(received.headers().has("x-hop")).isFalse();
        assertThat(received.headers().has("connection")).isFalse();
        assertThat(received.header("x-else")).isEqualTo("2");
    }

    @Test
    void fieldsNominatedByASecondConnectionLineStayBehind() {
        assertThat(received("Connection: keep-alive", "Connection: x-hop", "X-Hop: 1")
                        .headers()
                        .has("x-hop"))
                .isFalse();
    }

    @Test
    void everythingElseTravelsWithItsSpelling() {
        ReceivedRequest received = received("X-Custom: One", "x-custom: two", "OpenAI-Organization: org");

        assertThat(received.rawHead()).contains("X-Custom: One\r\nx-custom: two\r\n");
        assertThat(received.header("openai-organization")).isEqualTo("org");
    }

    @Test
    void theBackendIsToldHowTheRequestCame() {
        ReceivedRequest received = received(
                "X-Forwarded-For: 6.6.6.6",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Host: evil",
                "X-Real-IP: 6.6.6.6",
                "Via: 1.1 edge",
                "Via: 1.0 inner",
                "x-request-id: req-1");

        assertThat(received.headers().all("x-forwarded-for")).containsExactly("127.0.0.1");
        assertThat(received.headers().all("x-forwarded-proto")).containsExactly("http");
        assertThat(received.headers().all("x-forwarded-host")).containsExactly("127.0.0.1:" + gateway.port());
        assertThat(received.headers().all("x-real-ip")).containsExactly("127.0.0.1");
        assertThat(received.headers().all("x-request-id")).containsExactly("req-1");
        assertThat(received.headers().all("via")).containsExactly("1.1 edge, 1.0 inner, 1.1 weir");
        assertThat(received.header("host"))
                .isEqualTo("127.0.0.1:" + backend.fake().port());
    }

    @Test
    void noFieldComesTwice() {
        Map<String, Integer> counts = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (HeaderFields.Field field : received().headers().fields()) {
            counts.merge(field.name(), 1, Integer::sum);
        }
        assertThat(counts.values()).containsOnly(1);
        assertThat(counts).containsKeys("host", "content-length", "content-type");
    }

    @Test
    void theBackendsOwnKeyAndFieldsAreSentInThePlaceOfTheClients() {
        gateway.spec(spec().apiKey("sk-backend").headers(Map.of("X-Team", "a")).build());

        ReceivedRequest received = received("Authorization: Bearer sk-client", "x-team: client");

        assertThat(received.headers().all("authorization")).containsExactly("Bearer sk-backend");
        assertThat(received.headers().all("x-team")).containsExactly("a");
        Await.until("a check has come", () -> !backend.probes().isEmpty());
        assertThat(backend.probes().get(0).header("authorization")).isEqualTo("Bearer sk-backend");
    }

    @Test
    void anEmptyKeyIsNone() {
        gateway.spec(spec().apiKey("").build());

        assertThat(received().headers().has("authorization")).isFalse();
    }

    @Test
    void configuredHostAndAuthorizationReplaceThoseOfWeir() {
        gateway.spec(spec().apiKey("sk-backend")
                .headers(Map.of("Host", "llm.example", "Authorization", "Basic eA=="))
                .build());

        ReceivedRequest received = received();

        assertThat(received.headers().all("host")).containsExactly("llm.example");
        assertThat(received.headers().all("authorization")).containsExactly("Basic eA==");
    }

    @ParameterizedTest
    @CsvSource({
        "'', /v1/chat/completions, /v1/chat/completions",
        "/, /v1/chat/completions, /v1/chat/completions",
        "/v1, /v1/chat/completions, /v1/chat/completions",
        "/v1/, /v1/chat/completions, /v1/chat/completions",
        "'', /chat/completions, /v1/chat/completions",
        "/v1, /chat/completions, /v1/chat/completions",
        "/openai/v1, /v1/embeddings, /openai/v1/embeddings",
        "/openai/v1, /embeddings, /openai/v1/embeddings",
        "/deep, /v1/chat/completions?a=b%20c, /deep/v1/chat/completions?a=b%20c",
        "'', /api/chat, /api/chat"
    })
    void pathsOfModelsAreWhatTheBackendKnows(String urlPath, String asked, String expected) {
        gateway.spec(new SpecBuilder("a", backend.fake().url() + urlPath).build())
                .start();

        RawClient.post(gateway.port(), asked, GatewayFixture.body("m"));

        assertThat(backend.awaitRequest(1).target()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"/v1/files/a%2Fb?x, /v1/files/a%2Fb?x", "/files/1, /files/1"})
    void pathsOfRelayedRequestsStayAsTheyAre(String asked, String expected) {
        gateway.start();

        RawClient.get(gateway.port(), asked);

        assertThat(backend.awaitRequest(1).target()).isEqualTo(expected);
    }

    @Test
    void anAnswerLosesTheFieldsOfItsHopAndGainsItsOrigin() {
        backend.enqueue((request, peer) -> peer.respond(
                200,
                "{}",
                "Connection: keep-alive, X-Hop",
                "X-Hop: 1",
                "Keep-Alive: timeout=5",
                "X-Weir-Backend: forged",
                "X-Custom: kept"));
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.headers().has("x-hop")).isFalse();
        assertThat(response.headers().has("keep-alive")).isFalse();
        assertThat(response.headers().all("x-weir-backend")).containsExactly("a");
        assertThat(response.headers().all("x-weir-model")).containsExactly("m");
        assertThat(response.header("x-custom")).isEqualTo("kept");
    }

    @Test
    void aModelWhoseNameNoFieldCanHoldIsServedAllTheSame() {
        gateway.model("模型", "a").start();

        RawResponse response = gateway.post("模型");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("x-weir-model")).isEqualTo("%E6%A8%A1%E5%9E%8B");
    }
}

package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.PipelineServer;
import dev.weir.pipeline.TestServices;
import dev.weir.pipeline.auth.AuthSettings.Anonymous;
import dev.weir.pipeline.auth.AuthSettings.Keys;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AuthWireTest {
    private static final String MASTER = "sk-master-é";
    /** The octets of the master key in UTF-8, one a character, as the raw client sends them. */
    private static final String SENT_MASTER = "sk-master-Ã©";

    private static final String MANAGEMENT = "sk-management";

    private final TestDatabase database = TestDatabase.of(Database.Kind.SQLITE);
    private final TestServices services = new TestServices(database.open(), database.directory());
    private PipelineServer server = start(null);

    private PipelineServer start(@Nullable Anonymous anonymous) {
        AuthSettings settings = new AuthSettings(
                MASTER, MANAGEMENT, "sk-weir-", new Keys(Duration.ofSeconds(1), Duration.ZERO), anonymous);
        return new PipelineServer(
                Endpoint.answering(AuthWireTest::whoIsIt), new AuthFactory().create(settings, services));
    }

    private static LocalResponse whoIsIt(Exchange exchange) {
        Identity identity = exchange.get(Identity.KEY);
        return LocalResponse.text(200, identity == null ? "nobody" : identity.id() + " " + identity.unlimited());
    }

    private void restart(Anonymous anonymous) {
        server.close();
        server = start(anonymous);
    }

    @AfterEach
    void stop() {
        server.close();
        services.close();
        database.close();
    }

    private RawResponse get(String path, String... headers) {
        return RawClient.get(server.port(), path, headers);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization: Bearer ",
                "authorization: bearer ",
                "Authorization: BEARER   ",
                "x-api-key: ",
                "X-API-Key: ",
                "api-key: ",
                "x-goog-api-key: ",
                "x-litellm-api-key: "
            })
    void theMasterKeyIsTakenFromEveryUsualField(String field) {
        RawResponse answer = get("/v1/models", field + SENT_MASTER);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("master true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/models", "/open"})
    void whoTriesKeysWaitsAndWhoHasOneDoesNot(String path) {
        FailedKeys failed = FailedKeys.of(services);
        for (int i = 0; i < FailedKeys.FREE + 3; i++) {
            failed.delayNanos(InetAddress.getLoopbackAddress(), System.nanoTime());
        }
        try (RawClient guessing = RawClient.connect(server.port())) {
            guessing.sendRequest("GET " + path, "", "x-api-key: another");
            guessing.expectSilence(Duration.ofMillis(300));

            assertThat(get(path, "x-api-key: " + SENT_MASTER).text()).isEqualTo("master true");

            guessing.expectSilence(Duration.ofMillis(100));
            assertThat(guessing.readResponse().status()).isEqualTo(path.equals("/open") ? 200 : 401);
        }
    }

    @Test
    void openRoutesAskForNothing() {
        assertThat(get("/open").text()).isEqualTo("nobody");
        assertThat(get("/open", "Authorization: Bearer wrong").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"accept: */*", "Authorization: Bearer", "Authorization: Basic c2stbWFzdGVyOg==", "x-api-key:"})
    void aRequestWithoutKeyIsToldHowToSendOne(String header) {
        RawResponse answer = get("/v1/models", header);

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("www-authenticate")).isEqualTo("Bearer");
        assertThat(answer.text())
                .contains("no API key was sent", "Authorization: Bearer KEY", "\"code\":\"invalid_api_key\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sk-wrong-key", "sk-master-", "SK-MASTER-Ã©", "Bearer"})
    void aWrongKeyIsRefusedAndNotRepeated(String key) {
        RawResponse answer = get("/v1/models", "Authorization: Bearer " + key);

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text()).contains("\"code\":\"invalid_api_key\"").doesNotContain(key);
    }

    @Test
    void theFirstFieldCountsOfSeveral() {
        assertThat(get("/v1/models", "x-api-key: wrong", "Authorization: Bearer " + SENT_MASTER)
                        .status())
                .isEqualTo(200);
        assertThat(get("/v1/models", "x-api-key: " + SENT_MASTER, "Authorization: Bearer wrong")
                        .status())
                .isEqualTo(401);
    }

    @Test
    void anotherSchemeDoesNotHideAKey() {
        assertThat(get("/v1/models", "Authorization: Basic dTpw", "x-api-key: " + SENT_MASTER)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void managementTakesTheMasterKeyAndTheManagementKey() {
        assertThat(get("/management/keys", "x-api-key: " + SENT_MASTER).text()).isEqualTo("master true");
        assertThat(get("/management/keys", "x-api-key: " + MANAGEMENT).text()).isEqualTo("management false");
    }

    @Test
    void theManagementKeyIsForManagementOnly() {
        RawResponse answer = get("/v1/models", "x-api-key: " + MANAGEMENT);

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).contains("management routes only").doesNotContain(MANAGEMENT);
    }

    @Test
    void aConnectionLivesOnAfterARefusal() {
        try (RawClient client = RawClient.connect(server.port())) {
            client.sendRequest("POST /v1/chat/completions", "{\"model\": \"m\"}");
            assertThat(client.readResponse().status()).isEqualTo(401);
            client.sendRequest("POST /v1/chat/completions", "{\"model\": \"m\"}", "x-api-key: " + SENT_MASTER);
            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void clientsWithoutKeyMayUseTheRoutesOpenedToThem() {
        restart(new Anonymous(List.of("/v1/chat/*", "/v1/models"), List.of("127.0.0.0/8"), 600));

        assertThat(get("/v1/chat/completions").text()).isEqualTo("anonymous false");
        assertThat(get("/v1/models?all").text()).isEqualTo("anonymous false");
        assertThat(get("/v1/models/m").status()).isEqualTo(401);
        assertThat(get("/v1/%63hat/completions").status()).isEqualTo(401);
    }

    @Test
    void anonymousClientsNeverReachManagement() {
        restart(new Anonymous(List.of("/*"), List.of("127.0.0.0/8"), 600));

        assertThat(get("/management/keys").status()).isEqualTo(401);
    }

    @Test
    void aWrongKeyIsNotAnonymous() {
        restart(new Anonymous(List.of("/*"), List.of("127.0.0.0/8"), 600));

        assertThat(get("/v1/models", "x-api-key: wrong").status()).isEqualTo(401);
    }

    @Test
    void clientsFromElsewhereNeedAKey() {
        restart(new Anonymous(List.of("/*"), List.of("10.0.0.0/8"), 600));

        assertThat(get("/v1/models").status()).isEqualTo(401);
        assertThat(get("/v1/models", "x-forwarded-for: 10.1.2.3").text()).isEqualTo("anonymous false");
    }

    @Test
    void clientsWithoutKeyAreLimitedTogether() {
        restart(new Anonymous(List.of("/*"), List.of("10.0.0.0/8"), 2));

        assertThat(get("/v1/models", "x-forwarded-for: 10.0.0.1").status()).isEqualTo(200);
        assertThat(get("/v1/models", "x-forwarded-for: 10.0.0.2").status()).isEqualTo(200);
        RawResponse answer = get("/v1/models", "x-forwarded-for: 10.0.0.3");
        assertThat(answer.status()).isEqualTo(429);
        assertThat(Integer.parseInt(answer.header("retry-after"))).isBetween(1, 30);
        assertThat(answer.text()).contains("rate_limit_exceeded");
        assertThat(get("/v1/models", "x-api-key: " + SENT_MASTER).status()).isEqualTo(200);
    }
}

package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code /management/keys}, and what the keys made there may do. */
class KeysTest {
    private static final String CHAT = "{'model': '%s', 'messages': [{'role': 'user', 'content': 'hi'}]}";

    private final SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3", "llama3", "gemma2");
    private final TestGateway gateway = TestGateway.start("""
            backends: {a: {url: "%s"}}
            models:
              phi3: {targets: [{backend: a, model: phi3}]}
              llama3: {targets: [{backend: a, model: llama3}]}
            discover_models: false
            """.formatted(sim.url()));

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
    }

    private HttpResponse<String> manage(String method, String path, String json) {
        return gateway.send(
                method, "/management/keys" + path, json, "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    private JsonNode create(String json) {
        HttpResponse<String> answer = manage("POST", "", json);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return json(answer);
    }

    private HttpResponse<String> as(JsonNode key, String method, String path, String json) {
        return gateway.send(
                method, path, json, "authorization", "Bearer " + key.path("key").asText());
    }

    private int chat(JsonNode key, String model) {
        return as(key, "POST", "/v1/chat/completions", CHAT.formatted(model)).statusCode();
    }

    @Test
    void aKeyWorksAtOnceUntilItIsRevoked() {
        JsonNode key = create("{'name': 'ci', 'team': 'tools', 'metadata': {'ticket': 42}}");
        String id = key.path("id").asText();

        assertThat(key.path("key").asText()).matches("sk-weir-[A-Za-z0-9_-]{43}");
        assertThat(key.path("prefix").asText()).hasSize(12);
        assertThat(chat(key, "phi3")).isEqualTo(200);

        JsonNode shown = json(manage("GET", "/" + id, ""));
        assertThat(shown.has("key")).isFalse();
        assertThat(shown.path("name").asText()).isEqualTo("ci");
        assertThat(shown.at("/metadata/ticket").asInt()).isEqualTo(42);
        assertThat(shown.path("scopes").toString()).isEqualTo("[\"client\"]");

        HttpResponse<String> revoked = manage("DELETE", "/" + id, "");
        assertThat(revoked.statusCode()).isEqualTo(200);
        assertThat(json(revoked).path("revoked_at").asText()).startsWith("20");
        assertThat(chat(key, "phi3")).isEqualTo(401);
        assertThat(json(manage("GET", "", "")).path("data")).isEmpty();
        assertThat(json(manage("GET", "?revoked=true", "")).path("data")).hasSize(1);
        assertThat(manage("PATCH", "/" + id, "{'name': 'x'}").statusCode()).isEqualTo(409);
        assertThat(manage("POST", "/" + id + "/rotate", "").statusCode()).isEqualTo(409);
    }

    @Test
    void aKeySeesAndUsesOnlyItsModels() {
        JsonNode key = create("{'name': 'llama', 'models': ['llama*']}");

        JsonNode models = json(as(key, "GET", "/v1/models", "")).path("data");
        assertThat(models)
                .singleElement()
                .satisfies(model -> assertThat(model.path("id").asText()).isEqualTo("llama3"));
        assertThat(chat(key, "llama3")).isEqualTo(200);
        assertThat(chat(key, "phi3")).isEqualTo(403);
        assertThat(as(key, "GET", "/v1/models/phi3", "").statusCode()).isEqualTo(404);
        HttpResponse<String> near = as(key, "POST", "/v1/chat/completions", CHAT.formatted("llama4"));
        assertThat(near.statusCode()).isEqualTo(404);
        assertThat(near.body()).contains("did you mean llama3?");
        assertThat(as(key, "GET", "/v1/models/ph3", "").body()).doesNotContain("phi3");
    }

    @Test
    void scopesAreKept() {
        JsonNode client = create("{'name': 'client'}");
        JsonNode manager = create("{'name': 'manager', 'scopes': ['management']}");
        JsonNode reader = create("{'name': 'reader', 'scopes': ['read_only']}");

        assertThat(as(client, "GET", "/management/keys", "").statusCode()).isEqualTo(403);
        assertThat(as(manager, "POST", "/management/keys", "{'name': 'x'}").statusCode())
                .isEqualTo(201);
        assertThat(chat(manager, "phi3")).isEqualTo(403);
        assertThat(as(reader, "GET", "/management/keys", "").statusCode()).isEqualTo(200);
        assertThat(as(reader, "POST", "/management/keys", "{'name': 'x'}").statusCode())
                .isEqualTo(403);
        assertThat(as(reader, "DELETE", "/management/keys/" + client.path("id").asText(), "")
                        .statusCode())
                .isEqualTo(403);
        assertThat(chat(client, "phi3")).isEqualTo(200);
    }

    @Test
    void aKeyIsChangedFieldByField() {
        JsonNode key = create("{'name': 'old', 'owner': 'ada', 'limits': {'parallel': 3}, 'models': ['phi3']}");
        String path = "/" + key.path("id").asText();

        assertThat(chat(key, "llama3")).isEqualTo(403);
        JsonNode changed =
                json(manage("PATCH", path, "{'name': 'new', 'models': null, 'limits': {'requests_per_minute': 60}}"));

        assertThat(changed.path("name").asText()).isEqualTo("new");
        assertThat(changed.path("owner").asText()).isEqualTo("ada");
        assertThat(changed.path("limits").toString())
                .isEqualTo("{\"requests_per_minute\":60,\"tokens_per_minute\":0,\"parallel\":3}");
        assertThat(chat(key, "llama3")).isEqualTo(200);

        manage("PATCH", path, "{'blocked': true}");
        HttpResponse<String> blocked = as(key, "POST", "/v1/chat/completions", CHAT.formatted("phi3"));
        assertThat(blocked.statusCode()).isEqualTo(403);
        assertThat(blocked.body()).contains("blocked");

        manage("PATCH", path, "{'blocked': false, 'expires_at': '2020-01-01T00:00:00Z'}");
        HttpResponse<String> expired = as(key, "POST", "/v1/chat/completions", CHAT.formatted("phi3"));
        assertThat(expired.statusCode()).isEqualTo(401);
        assertThat(expired.body()).contains("expired");
    }

    @Test
    void rotationKeepsTheOldSecretForItsGrace() {
        JsonNode first = create("{'name': 'rotating'}");
        String path = "/" + first.path("id").asText() + "/rotate";

        JsonNode second = json(manage("POST", path, "{'grace': '1h'}"));
        assertThat(chat(first, "phi3")).isEqualTo(200);
        assertThat(chat(second, "phi3")).isEqualTo(200);

        JsonNode third = json(manage("POST", path, ""));
        assertThat(chat(first, "phi3")).isEqualTo(401);
        assertThat(chat(second, "phi3")).isEqualTo(401);
        assertThat(chat(third, "phi3")).isEqualTo(200);
    }

    @Test
    void clientsKeepTheKeysTheyHave() {
        String sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        create("{'name': 'by digest', 'sha256': '" + sha256 + "'}");
        JsonNode taken = create("{'name': 'by value', 'key': 'llmgw_0123456789abcdef'}");

        assertThat(taken.has("key")).isFalse();
        assertThat(taken.path("prefix").asText()).isEqualTo("llmg");
        for (String key : new String[] {"secret", "llmgw_0123456789abcdef"}) {
            assertThat(gateway.send("GET", "/v1/models", "", "x-api-key", key).statusCode())
                    .isEqualTo(200);
        }
        assertThat(manage("POST", "", "{'name': 'again', 'key': 'secret'}").statusCode())
                .isEqualTo(409);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'owner': 'x'}|name",
                "{'name': ''}|name",
                "{'name': 5}|name",
                "{'name': 'x', 'scopes': ['all']}|scopes",
                "{'name': 'x', 'scopes': []}|scopes",
                "{'name': 'x', 'models': 'phi3'}|models",
                "{'name': 'x', 'limits': {'parallel': -1}}|limits.parallel",
                "{'name': 'x', 'limits': {'rpm': 1}}|limits.rpm",
                "{'name': 'x', 'budget': 5}|budget",
                "{'name': 'x', 'expires_at': 'tomorrow'}|expires_at",
                "{'name': 'x', 'metadata': []}|metadata",
                "{'name': 'x', 'sha256': 'abc'}|sha256",
                "{'name': 'x', 'colour': 'red'}|colour",
                "[]|",
                "{'name': |"
            })
    void whatMakesNoSenseIsRefusedByField(String json, String field) {
        HttpResponse<String> answer = manage("POST", "", json);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        JsonNode error = json(answer).path("error");
        assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(error.path("param").asText("")).isEqualTo(field == null ? "" : field);
        assertThat(json(manage("GET", "", "")).path("data")).isEmpty();
    }

    @Test
    void whatIsNotThereIs404AndWhatIsNotOfferedIs405() {
        assertThat(manage("GET", "/key_0123456789abcdef", "").statusCode()).isEqualTo(404);
        assertThat(manage("PATCH", "/key_0123456789abcdef", "{}").statusCode()).isEqualTo(404);
        assertThat(manage("DELETE", "/nothing/rotate/x", "").statusCode()).isEqualTo(404);
        assertThat(manage("PUT", "", "{'name': 'x'}").statusCode()).isEqualTo(405);
        assertThat(manage("PUT", "/key_0123456789abcdef", "{}").statusCode()).isEqualTo(405);
    }

    @Test
    void keysAreListedPageByPage() {
        for (int i = 0; i < 5; i++) {
            create("{'name': 'key " + i + "'}");
        }
        JsonNode first = json(manage("GET", "?limit=3", ""));
        JsonNode second = json(
                manage("GET", "?limit=3&cursor=" + first.path("next_cursor").asText(), ""));

        assertThat(first.path("data")).hasSize(3);
        assertThat(second.path("data")).hasSize(2);
        assertThat(second.path("next_cursor").isNull()).isTrue();
        assertThat(manage("GET", "?limit=x", "").statusCode()).isEqualTo(400);
    }

    @Test
    void theStoresAreShownToManagersOnly() {
        assertThat(json(gateway.send("GET", "/readyz", "")).has("stores")).isFalse();
        JsonNode database = json(gateway.get("/readyz")).at("/stores/database");

        assertThat(database.path("kind").asText()).isEqualTo("sqlite");
        assertThat(database.path("up").asBoolean()).isTrue();
        assertThat(database.path("trouble").isNull()).isTrue();
        assertThat(gateway.metric("weir_store_up{store=\"database\",}")).isOne();
        assertThat(gateway.metric("weir_keys_known")).isZero();
    }
}

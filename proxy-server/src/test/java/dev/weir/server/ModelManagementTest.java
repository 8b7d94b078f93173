package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import java.net.http.HttpResponse;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /management/models} and {@code /management/backends} over three Ollamas, one of which a script plays. */
class ModelManagementTest {
    private final SimServer one = TestGateway.sim(SimKind.OLLAMA, "phi3", "llama3.2:3b");
    private final SimServer two = TestGateway.sim(SimKind.OLLAMA, "phi3", "all-minilm");
    private final FakeBackend broken = FakeBackend.start();
    private TestGateway gateway;

    @BeforeEach
    void start() {
        broken.onRequest((request, peer) ->
                peer.respond(500, "{\"error\": \"the disk is full\"}", "content-type: application/json"));
        gateway = TestGateway.start("""
                backends:
                  one: {url: "%s"}
                  two: {url: "%s", weight: 2}
                  broken: {url: "%s"}
                  other: {url: "http://127.0.0.1:9", kind: openai}
                models:
                  chat: {targets: [{backend: one, model: phi3}, {backend: two, model: phi3}], metadata: {owner: us}}
                """.formatted(one.url(), two.url(), broken.url()));
    }

    @AfterEach
    void stop() {
        gateway.close();
        one.close();
        two.close();
        broken.close();
    }

    private static JsonNode named(JsonNode list, String name) {
        return StreamSupport.stream(list.spliterator(), false)
                .filter(entry -> entry.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " in " + list));
    }

    private static List<JsonNode> lines(HttpResponse<String> answer) {
        return answer.body().lines().map(TestGateway::json).toList();
    }

    @Test
    void modelsOfAllBackendsAreListedOnce() {
        gateway.post("/v1/chat/completions", "{'model':'llama3.2:3b','messages':[{'role':'user','content':'x'}]}");

        JsonNode answer = json(gateway.get("/management/models/list"));

        assertThat(answer.path("models")).hasSize(3);
        JsonNode phi3 = named(answer.path("models"), "phi3:latest");
        assertThat(phi3.path("size").asLong()).isPositive();
        assertThat(phi3.at("/details/family").asText()).isNotEmpty();
        assertThat(phi3.path("backends"))
                .extracting(backend -> backend.path("name").asText())
                .containsExactly("one", "two");
        assertThat(phi3.at("/backends/0/loaded").isBoolean()).isTrue();
        assertThat(answer.path("unreachable")).extracting(JsonNode::asText).containsExactly("broken");
    }

    @Test
    void whatIsLoadedIsToldWithItsMemory() {
        Await.until(
                "the model answers",
                () -> gateway.post(
                                        "/v1/chat/completions",
                                        "{'model':'llama3.2:3b','messages':[{'role':'user','content':'x'}]}")
                                .statusCode()
                        == 200);

        JsonNode copy = named(json(gateway.get("/management/models/list")).path("models"), "llama3.2:3b")
                .at("/backends/0");

        assertThat(copy.path("loaded").asBoolean()).isTrue();
        assertThat(copy.path("size_vram").asLong()).isPositive();
        assertThat(copy.path("context_length").asInt()).isPositive();
    }

    @Test
    void aPullGoesToAllAndOneThatFailsDoesNotStopTheOthers() {
        HttpResponse<String> answer = gateway.post("/management/models/pull", "{'model':'qwen3:1.7b'}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).contains("application/x-ndjson");
        List<JsonNode> lines = lines(answer);
        for (String backend : List.of("one", "two")) {
            assertThat(lines)
                    .filteredOn(line -> line.path("backend").asText().equals(backend))
                    .extracting(line -> line.path("status").asText())
                    .startsWith("pulling manifest")
                    .endsWith("success");
        }
        JsonNode last = lines.get(lines.size() - 1);
        assertThat(last.path("status").asText()).isEqualTo("partial");
        assertThat(named(last.path("backends"), "one").path("status").asText()).isEqualTo("success");
        assertThat(named(last.path("backends"), "broken").path("error").asText())
                .isEqualTo("the disk is full");
        assertThat(lines)
                .filteredOn(line -> line.path("backend").asText().equals("broken"))
                .singleElement()
                .hasToString("{\"backend\":\"broken\",\"status\":\"error\",\"error\":\"the disk is full\"}");
        assertThat(named(json(gateway.get("/management/models/list")).path("models"), "qwen3:1.7b")
                        .path("backends"))
                .hasSize(2);
    }

    @Test
    void aPullMayGoToOneBackendAndBeAnsweredAtOnce() {
        HttpResponse<String> answer =
                gateway.post("/management/models/pull", "{'model':'qwen3:1.7b','backend':'two','stream':false}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).toString())
                .isEqualTo("{\"status\":\"success\",\"model\":\"qwen3:1.7b\","
                        + "\"backends\":[{\"name\":\"two\",\"status\":\"success\"}]}");
    }

    @Test
    void aPullThatSucceedsNowhereIsAnError() {
        HttpResponse<String> answer =
                gateway.post("/management/models/pull", "{'model':'qwen3:1.7b','backend':'broken','stream':false}");

        assertThat(answer.statusCode()).isEqualTo(502);
        assertThat(json(answer).at("/backends/0/error").asText()).isEqualTo("the disk is full");
        assertThat(json(answer).at("/error/message").asText()).contains("qwen3:1.7b");
    }

    @Test
    void progressIsSentAsEventsToWhoAcceptsThem() {
        HttpResponse<String> answer = gateway.send(
                "POST",
                "/management/models/pull",
                "{'model':'qwen3:1.7b','backend':'one'}",
                "accept",
                "text/event-stream",
                "authorization",
                "Bearer " + TestGateway.MANAGEMENT_KEY);

        assertThat(answer.headers().firstValue("content-type")).contains("text/event-stream; charset=utf-8");
        assertThat(answer.body())
                .startsWith("data: {\"backend\":\"one\",\"status\":\"pulling manifest\"}\n\n")
                .endsWith("\"status\":\"success\"}]}\n\n");
    }

    @Test
    void anErrorInTheMiddleOfAPullIsTheBackends() {
        broken.onRequest((request, peer) -> {
            peer.sendHeadChunked(200, "content-type: application/x-ndjson");
            peer.chunk("{\"status\":\"pulling manifest\"}\n{\"sta");
            peer.chunk("tus\":\"pulling x\",\"total\":5}\n{\"error\":\"checksum mismatch\"}\n");
            peer.endChunks();
        });

        List<JsonNode> lines = lines(gateway.post("/management/models/pull", "{'model':'m','backend':'broken'}"));

        assertThat(lines).hasSize(4);
        assertThat(lines.get(1).path("total").asInt()).isEqualTo(5);
        assertThat(lines.get(2).path("error").asText()).isEqualTo("checksum mismatch");
        assertThat(lines.get(3).path("status").asText()).isEqualTo("error");
    }

    @Test
    void whoLeavesStopsThePull() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        broken.onRequest((request, peer) -> {
            if (request.target().equals("/api/pull")) {
                begun.countDown();
                peer.awaitClientGone(Duration.ofSeconds(20));
                gone.countDown();
            } else {
                peer.json("{}");
            }
        });
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.sendRequest(
                    "POST /management/models/pull",
                    "{\"model\":\"m\",\"backend\":\"broken\"}",
                    "authorization: Bearer " + TestGateway.KEY);
            Await.until("the pull runs", () -> begun.getCount() == 0);
        }

        Await.until("the pull is stopped", () -> gone.getCount() == 0);
    }

    @Test
    void aModelIsDeletedWhereItIs() {
        HttpResponse<String> first = gateway.post("/management/models/delete", "{'model':'all-minilm'}");
        HttpResponse<String> missing =
                gateway.post("/management/models/delete", "{'model':'all-minilm','backend':'two'}");

        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(named(json(first).path("backends"), "two").path("status").asText())
                .isEqualTo("deleted");
        assertThat(named(json(first).path("backends"), "one").path("status").asText())
                .isEqualTo("not_found");
        assertThat(named(json(first).path("backends"), "broken").path("error").asText())
                .isEqualTo("the disk is full");
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(json(missing).at("/error/message").asText()).contains("all-minilm");
    }

    @Test
    void aConfiguredModelIsToldWithWhatItsTargetsSay() {
        JsonNode info = json(gateway.get("/management/models/chat/info"));

        assertThat(info.path("configured").asBoolean()).isTrue();
        assertThat(info.at("/metadata/owner").asText()).isEqualTo("us");
        assertThat(info.path("targets")).hasSize(2);
        assertThat(info.at("/details/quantization_level").asText()).isNotEmpty();
        assertThat(info.path("capabilities").toString()).contains("completion");
        assertThat(info.path("backends"))
                .hasSize(2)
                .allMatch(backend -> backend.path("has").asBoolean());
    }

    @Test
    void whatBackendsListIsInTheRegistryAndIsTold() {
        Await.until(
                "the registry knows what the backends say",
                () -> !registry("chat").path("family").asText().isEmpty());
        JsonNode listed = named(json(gateway.get("/api/tags")).path("models"), "chat");

        JsonNode chat = registry("chat");
        assertThat(chat.path("source").asText()).isEqualTo("configured");
        assertThat(chat.path("family")).isEqualTo(listed.at("/details/family"));
        assertThat(chat.path("parameter_size")).isEqualTo(listed.at("/details/parameter_size"));
        assertThat(chat.path("quantization")).isEqualTo(listed.at("/details/quantization_level"));
        assertThat(chat.path("size_bytes").asLong())
                .isPositive()
                .isEqualTo(listed.path("size").asLong());
        assertThat(registry("chat:latest")).isEqualTo(chat);
        Await.until(
                "one that is only found is there too",
                () -> registry("llama3.2:3b").path("parameter_size").asText().equals("3.0B"));
        assertThat(registry("llama3.2:3b").path("source").asText()).isEqualTo("discovered");
    }

    @Test
    void theTableOfModelsIsFilled() {
        Await.until(
                Duration.ofSeconds(30),
                "the table says what the model is",
                () -> row("chat").matches("phi\\|3\\.8B\\|Q4_K_M\\|[1-9][0-9]+"));
    }

    private String row(String model) {
        try {
            return gateway.gateway().database().read(connection -> {
                try (Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery("SELECT family || '|' || parameter_size || '|' ||"
                                + " quantization || '|' || size_bytes FROM models WHERE name = '" + model + "'")) {
                    return row.next() ? row.getString(1) : "";
                }
            });
        } catch (DatabaseAwayException | SQLException e) {
            throw new AssertionError(e);
        }
    }

    private JsonNode registry(String model) {
        return json(gateway.get("/management/models/" + model + "/info")).path("registry");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3.2:3b", "llama3.2%3A3b"})
    void aModelThatIsOnlyFoundIsToldToo(String name) {
        JsonNode info = json(gateway.get("/management/models/" + name + "/info"));

        assertThat(info.path("name").asText()).isEqualTo("llama3.2:3b");
        assertThat(info.path("configured").asBoolean(true)).isFalse();
        assertThat(named(info.path("backends"), "one").path("has").asBoolean()).isTrue();
        assertThat(named(info.path("backends"), "two").path("has").asBoolean()).isFalse();
    }

    @Test
    void aModelNobodyHasIsNotFound() {
        assertThat(gateway.get("/management/models/none/info").statusCode()).isEqualTo(404);
        assertThat(gateway.get("/management/models/none").statusCode()).isEqualTo(404);
    }

    @Test
    void theModelsOfTheConfigurationAreListed() {
        JsonNode models = json(gateway.get("/management/models/configured")).path("models");

        assertThat(models).hasSize(1);
        assertThat(models.at("/0/name").asText()).isEqualTo("chat");
        assertThat(models.at("/0/targets/1").toString())
                .isEqualTo("{\"backend\":\"two\",\"model\":\"phi3\",\"weight\":1}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'model':7}", "{}", "[]", "{'model':", "{'model':'m','backend':'nobody'}"})
    void wrongRequestsAreRefused(String body) {
        HttpResponse<String> answer = gateway.post("/management/models/pull", body);

        assertThat(answer.statusCode()).isIn(400, 404);
        assertThat(json(answer).at("/error/message").asText()).isNotEmpty();
    }

    @Test
    void aDrainedBackendFinishesItsStreamsAndTakesNoMore() {
        JsonNode drained = json(gateway.post("/management/backends/one/drain", ""));
        assertThat(drained.path("state").asText()).isEqualTo("drained");

        for (int i = 0; i < 8; i++) {
            HttpResponse<String> answer =
                    gateway.post("/v1/chat/completions", "{'model':'chat','messages':[{'role':'user','content':'x'}]}");
            assertThat(answer.headers().firstValue("x-weir-backend")).contains("two");
        }
        assertThat(json(gateway.post("/management/backends/one/enable", ""))
                        .path("state")
                        .asText())
                .isEqualTo("up");
    }

    @Test
    void aWeightHoldsUntilTheNextReload() {
        assertThat(json(gateway.post("/management/backends/two/weight", "{'weight': 9}"))
                        .toString())
                .contains("\"weight\":9,\"configured_weight\":2");
        gateway.post("/management/config/reload", "");

        assertThat(named(json(gateway.get("/management/backends")).path("backends"), "two")
                        .path("weight")
                        .asInt())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'weight': 0}", "{'weight': 1.5}", "{'weight': '3'}", "{}"})
    void aWeightIsAWholeNumber(String body) {
        assertThat(gateway.post("/management/backends/two/weight", body).statusCode())
                .isEqualTo(400);
    }

    @Test
    void whatNobodyKnowsIsNotFound() {
        assertThat(gateway.post("/management/backends/nobody/drain", "").statusCode())
                .isEqualTo(404);
        assertThat(gateway.post("/management/backends/one/melt", "").statusCode())
                .isEqualTo(404);
        assertThat(gateway.send("POST", "/management/backends/one/drain", "").statusCode())
                .isEqualTo(401);
    }
}

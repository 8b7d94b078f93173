package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several Ollamas that load, evict, gain and lose models. */
class WarmFleetTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String BODY = "{'model': '%s', 'messages': [{'role': 'user', 'content': 'hi'}]}";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newFixedThreadPool(100);
    private final List<SimServer> sims = new ArrayList<>();

    @AfterEach
    void stop() {
        threads.shutdownNow();
        sims.forEach(SimServer::close);
    }

    private SimServer sim(Duration loadTime, String... models) {
        SimServer sim = TestGateway.sim(SimOptions.instant(SimKind.OLLAMA).toBuilder()
                .models(List.of(models))
                .loadTime(loadTime)
                .maxTokensDefault(4)
                .build());
        sims.add(sim);
        return sim;
    }

    /** A gateway before all sims, called {@code s0} and so on; returns once it knows what each has loaded. */
    private TestGateway gateway(String more) {
        StringBuilder yaml =
                new StringBuilder("backend_defaults: {health: {interval: 200ms, timeout: 5s}}\nbackends:\n");
        for (int i = 0; i < sims.size(); i++) {
            yaml.append("  s%d: {url: \"%s\", max_in_flight: 256}\n"
                    .formatted(i, sims.get(i).url()));
        }
        TestGateway gateway = TestGateway.start(yaml + more);
        Await.until(
                PATIENCE,
                "all backends have told what they have",
                () -> backends(gateway)
                        .allMatch(backend -> backend.path("loaded").isArray()
                                && backend.path("has").isArray()));
        return gateway;
    }

    private static Stream<JsonNode> backends(TestGateway gateway) {
        List<JsonNode> list = new ArrayList<>();
        TestGateway.json(gateway.get("/management/backends")).path("backends").forEach(list::add);
        return list.stream();
    }

    private static String residency(TestGateway gateway, int sim, String model) {
        return backends(gateway)
                .filter(backend -> backend.path("name").asText().equals("s" + sim))
                .flatMap(backend -> {
                    List<JsonNode> models = new ArrayList<>();
                    backend.path("models").forEach(models::add);
                    return models.stream();
                })
                .filter(entry -> entry.path("name").asText().equals(model))
                .map(entry -> entry.path("residency").asText())
                .findFirst()
                .orElse("");
    }

    private List<Integer> post(TestGateway gateway, String model, int count) throws Exception {
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(threads.submit(() -> http.send(
                            TestGateway.request(
                                    gateway.url() + CHAT,
                                    "POST",
                                    BODY.formatted(model),
                                    "authorization",
                                    "Bearer " + TestGateway.KEY),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode()));
        }
        List<Integer> statuses = new ArrayList<>();
        for (Future<Integer> answer : answers) {
            statuses.add(answer.get(60, TimeUnit.SECONDS));
        }
        return statuses;
    }

    /** Has a sim do something of its own, past the gateway. */
    private int tell(SimServer sim, String method, String path, String json) throws IOException, InterruptedException {
        return http.send(TestGateway.request(sim.url() + path, method, json), HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    @Test
    void aHundredAtOnceLoadAColdModelOnOneHost() throws Exception {
        Duration load = Duration.ofSeconds(6);
        sim(load, "phi3:latest");
        sim(load, "phi3:latest");
        sim(load, "phi3:latest");
        try (TestGateway gateway = gateway("")) {
            assertThat(post(gateway, "phi3", 100)).containsOnly(200);
            assertThat(gateway.metric("weir_choices_total{model=\"phi3:latest\",reason=\"cold\",}"))
                    .isEqualTo(1);
        }

        assertThat(sims).extracting(sim -> sim.stats().requests(CHAT)).containsOnlyOnce(100L);
    }

    @Test
    void whoHasTheModelLoadedServesIt() throws Exception {
        sim(Duration.ofMillis(100), "phi3:latest");
        SimServer warm = sim(Duration.ofMillis(100), "phi3:latest");
        assertThat(tell(warm, "POST", "/api/generate", "{'model': 'phi3'}")).isEqualTo(200);
        try (TestGateway gateway = gateway("")) {
            for (int i = 0; i < 10; i++) {
                assertThat(gateway.post(CHAT, BODY.formatted("phi3")).headers().firstValue("x-weir-backend"))
                        .contains("s1");
            }
            assertThat(residency(gateway, 0, "phi3:latest")).isEqualTo("cold");
            assertThat(residency(gateway, 1, "phi3:latest")).isEqualTo("loaded");
            assertThat(gateway.metric("weir_choices_total{model=\"phi3:latest\",reason=\"warm\",}"))
                    .isEqualTo(10);
        }
    }

    @Test
    void aModelDeletedFromOneHostUnderTrafficIsServedByTheOthers() throws Exception {
        SimServer loses = sim(Duration.ZERO, "phi3:latest", "other:latest");
        SimServer keeps = sim(Duration.ZERO, "phi3:latest");
        try (TestGateway gateway = gateway("""
                models: {m: {balance: weight, targets: [{backend: s0, model: phi3}, {backend: s1, model: phi3}]}}
                """)) {
            Future<List<Integer>> before = threads.submit(() -> post(gateway, "m", 60));
            assertThat(tell(loses, "DELETE", "/api/delete", "{'model': 'phi3'}"))
                    .isEqualTo(200);

            assertThat(post(gateway, "m", 60)).containsOnly(200);
            assertThat(before.get(60, TimeUnit.SECONDS)).containsOnly(200);

            long asked = loses.stats().requests(CHAT);
            assertThat(post(gateway, "m", 20)).containsOnly(200);
            assertThat(loses.stats().requests(CHAT)).isEqualTo(asked);
            assertThat(keeps.stats().requests(CHAT)).isGreaterThanOrEqualTo(20);
        }
    }

    @Test
    void aModelThatNobodyHasIsNotFound() throws Exception {
        sim(Duration.ZERO, "phi3:latest");
        sim(Duration.ZERO, "phi3:latest");
        try (TestGateway gateway = gateway("""
                models: {m: {targets: [{backend: s0, model: gone}, {backend: s1, model: gone}]}}
                """)) {
            assertThat(gateway.post(CHAT, BODY.formatted("m")).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void aModelPulledUnderTrafficIsServedByBothAtOnceAfterARefresh() throws Exception {
        sim(Duration.ZERO, "phi3:latest");
        SimServer gains = sim(Duration.ZERO, "other:latest");
        try (TestGateway gateway = gateway("models: {other: {targets: [{backend: s1, model: other}]}}\n")) {
            assertThat(post(gateway, "phi3", 10)).containsOnly(200);
            assertThat(gains.stats().requests(CHAT)).isZero();

            assertThat(tell(gains, "POST", "/api/pull", "{'model': 'phi3', 'stream': false}"))
                    .isEqualTo(200);
            gateway.gateway().fleet().current().backend("s1").refresh();

            Await.until(PATIENCE, "both are asked", () -> {
                assertThat(gateway.post(CHAT, BODY.formatted("phi3")).statusCode())
                        .isEqualTo(200);
                return residency(gateway, 1, "phi3:latest").matches("cold|loaded");
            });
            assertThat(post(gateway, "phi3", 10)).containsOnly(200);
        }
    }

    @Test
    void modelsAreLoadedBeforeAnybodyAsks() throws Exception {
        SimServer sim = sim(Duration.ofMillis(50), "phi3:latest", "all-minilm:latest");
        try (TestGateway gateway = gateway("""
                models:
                  m: {policy: {preload: true, keep_alive: -1, num_ctx: {default: 8192}}, targets: [{backend: s0, model: phi3}]}
                """)) {
            Await.until(
                    PATIENCE,
                    "the model is loaded",
                    () -> residency(gateway, 0, "phi3").equals("loaded"));

            assertThat(sim.stats().requests(CHAT)).isZero();
            Await.until(
                    PATIENCE,
                    "it is listed with its context length",
                    () -> backends(gateway)
                                    .findFirst()
                                    .orElseThrow()
                                    .at("/loaded/0/context_length")
                                    .asInt()
                            == 8192);
        }
    }

    @Test
    void manyModelsOnFewSlotsAllGetTheirAnswers() throws Exception {
        String[] models = {"a:1b", "b:1b", "c:1b", "d:1b"};
        StringBuilder yaml =
                new StringBuilder("backend_defaults: {health: {interval: 200ms, timeout: 5s}}\nbackends:\n");
        for (int i = 0; i < 3; i++) {
            SimServer sim = TestGateway.sim(SimOptions.instant(SimKind.OLLAMA).toBuilder()
                    .models(List.of(models))
                    .loadTime(Duration.ofMillis(50))
                    .maxLoaded(1)
                    .parallel(2)
                    .maxTokensDefault(2)
                    .build());
            sims.add(sim);
            yaml.append("  s%d: {url: \"%s\", parallel: 2}\n".formatted(i, sim.url()));
        }
        try (TestGateway gateway = TestGateway.start(yaml.toString())) {
            Await.until(
                    PATIENCE,
                    "all models are found",
                    () -> gateway.get("/v1/models").body().contains("d:1b"));
            List<Future<List<Integer>>> all = new ArrayList<>();
            ExecutorService askers = Executors.newFixedThreadPool(models.length);
            for (String model : models) {
                all.add(askers.submit(() -> post(gateway, model, 75)));
            }
            for (Future<List<Integer>> statuses : all) {
                assertThat(statuses.get(60, TimeUnit.SECONDS)).containsOnly(200);
            }
            askers.shutdownNow();
            assertThat(gateway.gateway().fleet().current().backends().values())
                    .allMatch(backend -> backend.inFlight() == 0);
        }
    }
}

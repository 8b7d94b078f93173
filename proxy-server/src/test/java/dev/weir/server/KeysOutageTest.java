package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of gateways that share a PostgreSQL server, which comes and goes. */
class KeysOutageTest {
    private static final RealPostgres SERVER = RealPostgres.start();
    private static final SimServer SIM = TestGateway.sim(SimKind.OLLAMA, "phi3");
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String CHAT = "{'model': 'phi3', 'messages': [{'role': 'user', 'content': 'hi'}]}";

    @TempDir
    private Path directory;

    @AfterAll
    static void stop() {
        SIM.close();
        SERVER.close();
    }

    private TestGateway start(String url, String state) {
        return start(url, state, "1s");
    }

    private TestGateway start(String url, String state, String poll) {
        return TestGateway.start(
                ConfigurationFile.of("""
                        database: {url: "%s", pool_timeout: 2s, statement_timeout: 2s}
                        auth: {keys: {poll: %s}}
                        backends: {a: {url: "%s"}}
                        pipeline: [auth]
                        logging: {access_log: false}
                        server: {listen: "127.0.0.1:0"}
                        """.formatted(url, poll, SIM.url())),
                Map.of("STATE_DIRECTORY", directory.resolve(state).toString()));
    }

    private static HttpResponse<String> manage(TestGateway gateway, String method, String path, String json) {
        return gateway.send(method, "/management/keys" + path, json, "authorization", "Bearer " + TestGateway.KEY);
    }

    private static JsonNode create(TestGateway gateway, String name) {
        HttpResponse<String> answer = manage(gateway, "POST", "", "{'name': '" + name + "'}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return json(answer);
    }

    private static HttpResponse<String> chat(TestGateway gateway, String key) {
        return gateway.send("POST", "/v1/chat/completions", CHAT, "authorization", "Bearer " + key);
    }

    private static int status(TestGateway gateway, JsonNode key) {
        return chat(gateway, key.path("key").asText()).statusCode();
    }

    @Test
    void anOutageCostsNoRequestOfAKnownKey() throws Exception {
        try (TestGateway gateway = start(SERVER.newDatabase(), "one")) {
            JsonNode known = create(gateway, "known");
            JsonNode doomed = create(gateway, "doomed");
            AtomicBoolean ended = new AtomicBoolean();
            AtomicInteger answered = new AtomicInteger();
            CompletableFuture<Integer> failed = CompletableFuture.supplyAsync(() -> {
                int failures = 0;
                while (!ended.get()) {
                    failures += status(gateway, known) == 200 ? 0 : 1;
                    answered.incrementAndGet();
                }
                return failures;
            });
            Await.until(LONG, "requests pass", () -> answered.get() > 10);

            SERVER.stop();
            Await.until(
                    LONG,
                    "an unknown key is not refused for good",
                    () -> chat(gateway, "sk-unknown").statusCode() == 503);
            HttpResponse<String> unknown = chat(gateway, "sk-unknown");
            assertThat(json(unknown).at("/error/code").asText()).isEqualTo("store_unavailable");
            assertThat(unknown.headers().firstValue("retry-after")).isPresent();
            assertThat(manage(gateway, "POST", "", "{'name': 'new'}").statusCode())
                    .isEqualTo(503);
            assertThat(gateway.get("/v1/models").statusCode()).isEqualTo(200);
            assertThat(status(gateway, doomed)).isEqualTo(200);
            HttpResponse<String> ready = gateway.get("/readyz");
            assertThat(ready.statusCode()).isEqualTo(200);
            assertThat(json(ready).at("/stores/database/bridged").asBoolean()).isTrue();
            assertThat(gateway.metric("weir_store_up{store=\"database\",}")).isZero();
            int during = answered.get();
            Await.until(LONG, "requests pass on", () -> answered.get() > during + 10);

            SERVER.restart();
            Await.until(
                    LONG,
                    "keys can be changed again",
                    () -> manage(gateway, "DELETE", "/" + doomed.path("id").asText(), "")
                                    .statusCode()
                            == 200);
            assertThat(status(gateway, doomed)).isEqualTo(401);
            Await.until(
                    LONG,
                    "unknown keys are refused",
                    () -> chat(gateway, "sk-unknown").statusCode() == 401);
            ended.set(true);
            assertThat(failed.get(30, TimeUnit.SECONDS)).isZero();
        }
    }

    @Test
    void aGatewayThatStartsDuringAnOutageKnowsWhatItKnew() {
        String url = SERVER.newDatabase();
        JsonNode known;
        try (TestGateway gateway = start(url, "restarted")) {
            known = create(gateway, "known");
            assertThat(status(gateway, known)).isEqualTo(200);
        }
        SERVER.stop();
        try (TestGateway gateway = start(url, "restarted");
                TestGateway fresh = start(url, "fresh")) {
            assertThat(status(gateway, known)).isEqualTo(200);
            assertThat(chat(gateway, "sk-unknown").statusCode()).isEqualTo(503);
            assertThat(status(fresh, known)).isEqualTo(503);
            assertThat(fresh.get("/v1/models").statusCode()).isEqualTo(200);
            assertThat(fresh.get("/readyz").statusCode()).isEqualTo(503);

            SERVER.restart();

            Await.until(LONG, "the fresh one knows it too", () -> status(fresh, known) == 200);
            Await.until(LONG, "unknown", () -> chat(gateway, "sk-unknown").statusCode() == 401);
        } finally {
            SERVER.restart();
        }
    }

    @Test
    void aRevocationIsAnnouncedToTheOtherGatewayAlthoughItsPollIsFarAway() {
        String url = SERVER.newDatabase();
        try (TestGateway one = start(url, "one-told", "10m");
                TestGateway other = start(url, "other-told", "10m")) {
            Await.until(LONG, "both listen", () -> SERVER.count("SELECT count(*)" + listeningTo(url)) >= 2);
            assertRevokedWithinTwoSeconds(one, other, () -> {});
        }
    }

    /** As behind a pooler, where nothing is heard; at some moments between one poll and the next. */
    @Test
    void aRevocationThatIsNotAnnouncedIsFoundByThePollAlone() {
        String url = SERVER.newDatabase();
        try (TestGateway one = start(url, "one-polled");
                TestGateway other = start(url, "other-polled")) {
            for (int i = 0; i < 5; i++) {
                assertRevokedWithinTwoSeconds(
                        one, other, () -> SERVER.execute("SELECT pg_terminate_backend(pid)" + listeningTo(url)));
            }
        }
    }

    private static String listeningTo(String url) {
        return " FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = '"
                + url.substring(url.lastIndexOf('/') + 1) + "'";
    }

    private static void assertRevokedWithinTwoSeconds(TestGateway one, TestGateway other, Runnable before) {
        JsonNode key = create(one, "shared");
        Await.until(LONG, "known to both", () -> status(other, key) == 200);
        before.run();

        HttpResponse<String> answer = manage(one, "DELETE", "/" + key.path("id").asText(), "");
        long revoked = System.nanoTime();
        assertThat(answer.statusCode()).isEqualTo(200);
        Await.until(LONG, "revoked there as well", () -> status(other, key) == 401);
        Duration took = Duration.ofNanos(System.nanoTime() - revoked);

        assertThat(took).isLessThan(Duration.ofSeconds(2));
        assertThat(status(one, key)).isEqualTo(401);
    }

    @Test
    void aBudgetIsOfAllGatewaysTogether() throws IOException {
        String url = SERVER.newDatabase();
        String usage = """
                database: {url: "%s"}
                backends: {a: {url: "%s"}}
                pipeline: [usage, auth]
                logging: {access_log: false}
                server: {listen: "127.0.0.1:0"}
                """.formatted(url, SIM.url());
        try (TestGateway one = TestGateway.start(ConfigurationFile.of(usage), Map.of());
                TestGateway other = TestGateway.start(ConfigurationFile.of(usage), Map.of())) {
            HttpResponse<String> made = manage(one, "POST", "", "{'name': 'small', 'budget': {'tokens_per_day': 5}}");
            JsonNode key = json(made);

            Await.until(LONG, "used up", () -> status(one, key) == 429);

            HttpResponse<String> refused = chat(one, key.path("key").asText());
            assertThat(refused.body()).contains("budget of 5 tokens a day is used up");
            assertThat(refused.headers().firstValue("retry-after")).isPresent();
            Await.until(LONG, "used up there as well", () -> status(other, key) == 429);
        }
    }
}

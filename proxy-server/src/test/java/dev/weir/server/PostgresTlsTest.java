package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.TestCertificate;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gateways on a PostgreSQL server that speaks TLS, with a certificate for 127.0.0.1 that nobody knows but who is told. */
class PostgresTlsTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    /** Time for several tries, which come after pauses of a quarter of a second, half a second, and so on. */
    private static final long TRIES_NANOS = Duration.ofSeconds(4).toNanos();

    private static final SimServer SIM = TestGateway.sim(SimKind.OPENAI, "gpt");

    @TempDir
    private static Path certificates;

    private static TestCertificate certificate;
    private static RealPostgres server;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() {
        certificate = TestCertificate.in(certificates);
        server = RealPostgres.startWithTls(certificate);
    }

    @AfterAll
    static void stop() {
        SIM.close();
        server.close();
    }

    private static String verified(String url, Path ca) {
        return url + "?sslmode=verify-full&sslrootcert=" + ca;
    }

    private static TestGateway start(String url, String poll) {
        return TestGateway.start("""
                database: {url: "%s"}
                auth: {keys: {poll: %s}}
                backends: {a: {url: "%s", kind: openai}}
                models: {gpt: {targets: [{backend: a, model: gpt}]}}
                discover_models: false
                """.formatted(url, poll, SIM.url()));
    }

    private static long sessions(String database, String condition) {
        return server.count("SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '"
                + database.substring(database.lastIndexOf('/') + 1) + "' AND " + condition);
    }

    private static int models(TestGateway gateway, JsonNode key) {
        return gateway.send(
                        "GET",
                        "/v1/models",
                        "",
                        "authorization",
                        "Bearer " + key.path("key").asText())
                .statusCode();
    }

    /** Announcements come through it too: the poll is far away. */
    @Test
    void whoTrustsTheServersCertificateHasItsKeysBehindTls() {
        String url = server.newDatabase();
        try (TestGateway one = start(verified(url, certificate.pem()), "10m");
                TestGateway other = start(verified(url, certificate.pem()), "10m")) {
            Await.until(LONG, "both listen", () -> sessions(url, "ssl AND query LIKE 'LISTEN%'") == 2);

            HttpResponse<String> made = one.post("/management/keys", "{'name': 'encrypted'}");
            assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
            Await.until(LONG, "announced", () -> models(other, json(made)) == 200);

            assertThat(sessions(url, "ssl")).isGreaterThan(2);
            assertThat(sessions(url, "NOT ssl")).isZero();
            assertThat(other.send("GET", "/readyz", "").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aCertificateOfAnotherSignerIsRefused() throws Exception {
        TestCertificate other = TestCertificate.in(Files.createDirectory(directory.resolve("other")));

        assertStartsWithout(verified(server.newDatabase(), other.pem()), "PKIX path");
    }

    @Test
    void aCertificateForAnotherNameIsRefusedEvenIfTrusted() throws Exception {
        String url = server.newDatabase().replace("@127.0.0.1:", "@localhost:");

        assertStartsWithout(verified(url, certificate.pem()), "localhost");
    }

    @Test
    void aCertificateThatIsNotThereIsNoReasonToGoOnWithoutOne() throws Exception {
        assertStartsWithout(verified(server.newDatabase(), directory.resolve("none.pem")), "none.pem");
    }

    /** Weir serves, says once what is wrong, and {@code /readyz} knows. */
    private void assertStartsWithout(String url, String reason) throws IOException, InterruptedException {
        Path file = Files.writeString(directory.resolve("weir.yaml"), """
                server: {listen: "127.0.0.1:0"}
                auth: {master_key: %s}
                database: {url: "%s", pool_timeout: 1s}
                backends: {a: {url: "%s", kind: openai}}
                models: {gpt: {targets: [{backend: a, model: gpt}]}}
                discover_models: false
                logging: {format: text, access_log: false}
                """.formatted(TestGateway.KEY, url, SIM.url()));
        Pattern away = Pattern.compile("WARN.*database .* cannot be used, trying on: .*" + Pattern.quote(reason));
        try (WeirProcess weir = WeirProcess.start(
                Map.of("STATE_DIRECTORY", directory.toString()), "serve", "--config", file.toString())) {
            String address = "http://127.0.0.1:" + weir.awaitPort();
            weir.awaitLine(away);

            HttpResponse<String> ready = get(address + "/readyz");
            assertThat(ready.statusCode()).isEqualTo(503);
            JsonNode database = json(ready).at("/stores/database");
            assertThat(database.path("up").asBoolean(true)).as(ready.body()).isFalse();
            assertThat(ready.body()).contains(reason).doesNotContain("postgres:postgres");
            assertThat(get(address + "/v1/models").statusCode()).isEqualTo(200);
            long began = System.nanoTime();
            Await.until(LONG, "tried several times", () -> System.nanoTime() - began > TRIES_NANOS);
            assertThat(weir.output()).filteredOn(away.asPredicate()).hasSize(1);
        }
    }

    private static HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        TestGateway.request(url, "GET", "", "authorization", "Bearer " + TestGateway.KEY),
                        HttpResponse.BodyHandlers.ofString());
    }
}

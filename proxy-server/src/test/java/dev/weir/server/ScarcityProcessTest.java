package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway that is short of something, or was stopped for a while: it refuses what it must, and comes back by itself. */
class ScarcityProcessTest {
    private static final String KEY = "authorization: Bearer sk-scarce";
    private static final String CHAT = TestGateway.quoted(
            "{'model': 'phi3', 'messages': [{'role': 'user', 'content': 'rivers'}], 'max_tokens': 3}");
    private static final String STREAM = TestGateway.quoted(
            "{'model': 'phi3', 'stream': true, 'messages': [{'role': 'user', 'content': 'rivers'}], 'max_tokens': 60}");

    @TempDir
    private Path directory;

    private final List<RawClient> clients = new ArrayList<>();
    private SimServer sim;

    @BeforeEach
    void start() {
        sim = TestGateway.sim(SimOptions.builder()
                .kind(SimKind.OLLAMA)
                .models("phi3")
                .timeToFirstToken(Duration.ofMillis(20))
                .tokensPerSecond(15)
                .build());
    }

    @AfterEach
    void stop() {
        clients.forEach(RawClient::close);
        sim.close();
    }

    private String configuration(String server, String defaults) throws IOException {
        return Files.writeString(directory.resolve("weir.yaml"), """
                        server: {listen: "127.0.0.1:0", %s}
                        auth: {master_key: sk-scarce}
                        backends: {a: {url: "%s"}}
                        models: {phi3: {targets: [{backend: a, model: phi3}]}}
                        backend_defaults: {%s}
                        pipeline: [auth]
                        logging: {format: text, access_log: false}
                        """.formatted(server, sim.url(), defaults))
                .toString();
    }

    private static RawResponse chat(int port) {
        return RawClient.post(port, "/v1/chat/completions", CHAT, KEY);
    }

    /** A stream of four seconds that has begun. */
    private RawClient stream(int port) {
        RawClient client = connect(port);
        client.sendRequest("POST /v1/chat/completions", STREAM, KEY);
        assertThat(client.readHead().status()).isEqualTo(200);
        return client;
    }

    private RawClient connect(int port) {
        RawClient client = RawClient.connect(port).timeout(Duration.ofSeconds(15));
        clients.add(client);
        return client;
    }

    private static void assertEndsWell(RawClient stream) {
        String last = "";
        for (String event = stream.readSseEvent(); event != null; event = stream.readSseEvent()) {
            last = event;
        }
        assertThat(last).contains("[DONE]");
    }

    private static double metric(int port, String line) {
        return RawClient.get(port, "/metrics")
                .text()
                .lines()
                .filter(each -> each.startsWith(line + " "))
                .mapToDouble(each -> Double.parseDouble(each.substring(line.length() + 1)))
                .findFirst()
                .orElse(0);
    }

    @Test
    void outOfFileDescriptorsItWaitsWithoutSpinningAndServesAgainWhenThereAreSome() throws IOException {
        try (WeirProcess weir = WeirProcess.startWithDescriptors(
                300, "serve", "--config", configuration("max_connections: 1000", ""))) {
            int port = weir.awaitPort();
            chat(port);
            RawClient stream = stream(port);
            for (int i = 0; i < 400; i++) {
                connect(port);
            }
            Duration before = weir.cpu();

            assertEndsWell(stream);

            // Four seconds in which connections wait that cannot be accepted.
            assertThat(weir.cpu().minus(before)).isLessThan(Duration.ofSeconds(2));
            clients.forEach(RawClient::close);
            Await.until(Duration.ofSeconds(15), "it serves again", () -> {
                try (RawClient fresh = RawClient.connect(port).timeout(Duration.ofSeconds(5))) {
                    fresh.sendRequest("POST /v1/chat/completions", CHAT, KEY);
                    return fresh.readResponse().status() == 200;
                } catch (AssertionError notYet) {
                    return false;
                }
            });
        }
    }

    @Test
    void moreUploadsThanMemoryAre503AndRunningStreamsGoOn() throws IOException {
        List<String> small = List.of("-Xmx96m", "-XX:MaxDirectMemorySize=32m");
        try (WeirProcess weir = WeirProcess.start(
                small, Map.of(), "serve", "--config", configuration("max_buffered_bytes: 1GiB", ""))) {
            int port = weir.awaitPort();
            chat(port);
            RawClient stream = stream(port);
            String most = "{\"model\": \"phi3\", \"pad\": \"" + "x".repeat(900_000);
            for (int i = 0; i < 60; i++) {
                RawClient holder = connect(port);
                holder.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n" + KEY
                        + "\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
                holder.sendInBackground(most.getBytes(java.nio.charset.StandardCharsets.US_ASCII), most.length());
            }

            Await.until(
                    Duration.ofSeconds(60),
                    "some are refused",
                    () -> RawClient.get(port, "/metrics")
                            .text()
                            .lines()
                            .anyMatch(line ->
                                    line.startsWith("weir_requests_total{") && line.contains("status=\"503\"")));
            assertThat(RawClient.get(port, "/healthz").status()).isEqualTo(200);
            assertEndsWell(stream);
            clients.forEach(RawClient::close);

            Await.until(
                    Duration.ofSeconds(60), "it serves again", () -> chat(port).status() == 200);
            assertThat(weir.errors()).isEmpty();
        }
    }

    @Test
    void stoppedForAWhileItBlamesNoBackend() throws Exception {
        try (WeirProcess weir = WeirProcess.start(
                Map.of(),
                "serve",
                "--config",
                configuration(
                        "max_connections: 100",
                        "timeouts: {first_byte: 6s, idle: 6s}, health: {interval: 300ms, timeout: 5s, fall: 1},"
                                + " eject: {consecutive_failures: 1}"))) {
            int port = weir.awaitPort();
            chat(port);
            List<RawClient> streams = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                streams.add(stream(port));
            }

            weir.signal("STOP");
            assertThat(new CountDownLatch(1).await(8, TimeUnit.SECONDS)).isFalse();
            weir.signal("CONT");

            streams.forEach(ScarcityProcessTest::assertEndsWell);
            assertThat(metric(port, "weir_backend_up{backend=\"a\",}")).isEqualTo(1);
            assertThat(metric(port, "weir_ejections_total{backend=\"a\",}")).isZero();
            assertThat(metric(port, "weir_health_changes_total{backend=\"a\",state=\"down\",}"))
                    .isZero();
            assertThat(chat(port).status()).isEqualTo(200);
        }
    }
}

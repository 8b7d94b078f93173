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
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir serve} as its service manager sees it: signals, drain, reload. */
class ServeProcessTest {
    private static final String KEY = "authorization: Bearer sk-process";
    private static final String STREAM = TestGateway.quoted(
            "{'model': 'chat', 'stream': true, 'messages': [{'role': 'user', 'content': 'rivers'}], 'max_tokens': 30}");

    @TempDir
    private Path directory;

    private Path file;
    private SimServer sim;

    @BeforeEach
    void start() {
        file = directory.resolve("weir.yaml");
        sim = TestGateway.sim(SimOptions.builder()
                .kind(SimKind.OLLAMA)
                .models("phi3")
                .timeToFirstToken(Duration.ofMillis(20))
                .tokensPerSecond(5)
                .build());
    }

    @AfterEach
    void stop() {
        sim.close();
    }

    private void write(String timeouts, String models) throws IOException {
        Files.writeString(file, """
                server: {listen: "127.0.0.1:0", timeouts: {%s}}
                auth: {master_key: sk-process}
                backends: {a: {url: "%s"}}
                models: {%s}
                logging: {format: text}
                """.formatted(timeouts, sim.url(), models));
    }

    private WeirProcess serve() {
        return WeirProcess.start(Map.of(), "serve", "--config", file.toString());
    }

    /** A stream of six seconds that has begun. */
    private static RawClient stream(int port) {
        RawClient client = RawClient.connect(port);
        client.sendRequest("POST /v1/chat/completions", STREAM, KEY);
        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(client.readSseEvent()).startsWith("data: {");
        return client;
    }

    private static String lastEvent(RawClient client) {
        String last = "";
        for (String event = client.readSseEvent(); event != null; event = client.readSseEvent()) {
            last = event;
        }
        return last;
    }

    private static final String CHAT = "chat: {targets: [{backend: a, model: phi3}]}";

    @Test
    void termLetsAStreamFinishWhileReadinessSaysNo() throws IOException {
        write("drain_delay: 4s, drain: 30s", CHAT);
        try (WeirProcess weir = serve()) {
            int port = weir.awaitPort();
            assertThat(RawClient.get(port, "/readyz").status()).isEqualTo(200);
            try (RawClient client = stream(port)) {
                weir.signal("TERM");
                weir.awaitLine(Pattern.compile("draining: 1 exchanges"));
                RawResponse ready = RawClient.get(port, "/readyz");

                assertThat(ready.status()).isEqualTo(503);
                assertThat(ready.header("connection")).isEqualTo("close");
                assertThat(RawClient.get(port, "/healthz").status()).isEqualTo(200);
                assertThat(lastEvent(client)).isEqualTo("data: [DONE]");
                assertThat(client.bodyComplete()).isTrue();
            }
            assertThat(weir.awaitExit()).isZero();
            assertThat(weir.output()).anyMatch(line -> line.endsWith("drained"));
        }
    }

    @Test
    void theDrainDeadlineCutsVisibly() throws IOException {
        write("drain: 300ms", CHAT);
        try (WeirProcess weir = serve();
                RawClient client = stream(weir.awaitPort())) {
            weir.signal("TERM");

            assertThat(lastEvent(client)).contains("\"error\"", "shutting_down");
            assertThat(client.bodyComplete()).isFalse();
            assertThat(weir.awaitExit()).isZero();
        }
    }

    @Test
    void aSecondTermEndsAtOnce() throws IOException {
        write("drain: 60s", "chat: {targets: [{backend: a, model: phi3}]}");
        try (WeirProcess weir = serve();
                RawClient client = stream(weir.awaitPort())) {
            weir.signal("TERM");
            weir.awaitLine(Pattern.compile("draining"));
            weir.signal("TERM");

            assertThat(weir.awaitExit()).isEqualTo(1);
            client.closedOrReset();
        }
    }

    @Test
    void hupBringsANewModelAndLeavesStreamsAlone() throws IOException {
        write("drain: 10s", CHAT);
        try (WeirProcess weir = serve()) {
            int port = weir.awaitPort();
            assertThat(RawClient.get(port, "/v1/models/second", KEY).status()).isEqualTo(404);
            try (RawClient client = stream(port)) {
                write("drain: 10s", "second: {targets: [{backend: a, model: phi3}]}");
                weir.signal("HUP");
                weir.awaitLine(Pattern.compile("configuration reloaded.*changed models"));

                assertThat(RawClient.get(port, "/v1/models/second", KEY).status())
                        .isEqualTo(200);
                assertThat(RawClient.get(port, "/v1/models/chat", KEY).status()).isEqualTo(404);
                assertThat(lastEvent(client)).isEqualTo("data: [DONE]");
            }
        }
    }

    @Test
    void theLogIsOneJsonObjectALineInTheFileTooAndHoldsNoSecret() throws IOException {
        Path log = directory.resolve("log/weir.log");
        Files.writeString(file, """
                server: {listen: "127.0.0.1:0"}
                auth: {master_key: sk-process}
                backends: {a: {url: "%s", api_key: secret-api-key}}
                database: {url: "postgresql://weir:secret-password@127.0.0.1:9/weir"}
                logging: {file: {path: "%s"}}
                """.formatted(sim.url(), log));
        try (WeirProcess weir = serve()) {
            int port = weir.awaitPort();
            RawClient.get(port, "/v1/models?key=secret-query", KEY);
            RawClient.get(port, "/v1/models", "authorization: Bearer secret-guess");
            RawClient.post(port, "/v1/chat/completions", "{\"model\": \"secret-words\"}", KEY);
            Files.writeString(file, "auth: {master_key: \"secret-new with spaces\"}");
            weir.signal("HUP");
            weir.awaitLine(Pattern.compile("not reloaded"));
            weir.signal("TERM");
            assertThat(weir.awaitExit()).isZero();

            assertThat(weir.output())
                    .isNotEmpty()
                    .allSatisfy(line ->
                            assertThat(TestGateway.json(line).has("time")).isTrue())
                    .noneMatch(line -> line.contains("secret-") || line.contains("sk-process"));
            assertThat(weir.output().stream().filter(line -> line.contains("\"route\"")))
                    .hasSize(3);
            assertThat(Files.readAllLines(log)).containsExactlyInAnyOrderElementsOf(weir.output());
            assertThat(weir.errors()).isEmpty();
        }
    }

    @Test
    void hupWithABrokenFileChangesNothingAndSaysWhy() throws IOException {
        write("drain: 10s", CHAT);
        try (WeirProcess weir = serve()) {
            int port = weir.awaitPort();
            write("drain: 10s", "chat: {targets: [{backend: nobody, model: phi3}]}");
            weir.signal("HUP");
            weir.awaitLine(Pattern.compile("not reloaded"));
            Await.until(
                    "the reason",
                    () -> weir.output().stream()
                            .anyMatch(line ->
                                    line.contains(file + ":4:") && line.contains("no backend is named \"nobody\"")));

            assertThat(RawClient.get(port, "/v1/models/chat", KEY).status()).isEqualTo(200);
            assertThat(RawClient.get(port, "/metrics").text())
                    .contains("weir_config_reloads_total{result=\"failure\",} 1.0");
        }
    }
}

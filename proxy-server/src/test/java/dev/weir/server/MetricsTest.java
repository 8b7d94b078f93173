package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code /metrics}: who may read them, and what they say. */
class MetricsTest {
    private final SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");

    @AfterEach
    void stop() {
        sim.close();
    }

    private TestGateway gateway(String more) {
        return TestGateway.start("""
                backends: {a: {url: "%s", kind: openai, api_key: secret-key}}
                models: {chat: {targets: [{backend: a, model: phi3}]}}
                discover_models: false
                """.formatted(sim.url()) + more);
    }

    private static int status(TestGateway gateway, String... headers) {
        return gateway.send("GET", "/metrics", "", headers).statusCode();
    }

    @ParameterizedTest
    @CsvSource({
        "loopback, 127.0.0.1, 200",
        "loopback, 203.0.113.9, 401",
        "open, 203.0.113.9, 200",
        "management, 127.0.0.1, 401",
        "management, 203.0.113.9, 401",
    })
    void theSettingSaysWhoMayReadThemWithoutAKey(String access, String client, int status) {
        try (TestGateway gateway =
                gateway("metrics: {access: " + access + "}\nserver: {trusted_proxies: [127.0.0.1/32]}\n")) {
            assertThat(status(gateway, "x-forwarded-for", client)).isEqualTo(status);
            assertThat(status(
                            gateway,
                            "x-forwarded-for",
                            client,
                            "authorization",
                            "Bearer " + TestGateway.MANAGEMENT_KEY))
                    .isEqualTo(200);
        }
    }

    @Test
    void anAddressThatNobodyTrustedVouchesForIsNotBelieved() {
        try (TestGateway gateway = gateway("")) {
            assertThat(status(gateway, "x-forwarded-for", "203.0.113.9")).isEqualTo(200);
        }
    }

    @Test
    void nothingThatAClientSentIsALabel() {
        try (TestGateway gateway = gateway("")) {
            gateway.post("/v1/chat/completions", "{'model': 'intruder-model', 'messages': []}");
            gateway.send("INTRUDER", "/intruder-path?intruder=query", "", "authorization", "Bearer intruder-key");
            gateway.send("GET", "/v1/intruder", "", "x-intruder", "intruder", "user-agent", "intruder");
            gateway.get("/v1/models/intruder");
            RawClient.get(gateway.port(), "/intruder", "host: intruder", "x-request-id: intruder");

            assertThat(metrics(gateway)).doesNotContain("intruder", "INTRUDER", "secret-key", TestGateway.KEY);
            assertThat(
                            gateway.metric(
                                    "weir_requests_total{route=\"/v1/chat/completions\",model=\"\",backend=\"\",status=\"404\",}"))
                    .isOne();
        }
    }

    private static String metrics(TestGateway gateway) {
        return gateway.send("GET", "/metrics", "").body();
    }

    @Test
    void whatIsAnsweredIsCounted() {
        try (TestGateway gateway = gateway("")) {
            gateway.post("/v1/chat/completions", "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'x'}]}");

            String labels = "{route=\"/v1/chat/completions\",model=\"chat\",backend=\"a\",status=\"200\",}";
            Await.until("the request is counted", () -> gateway.metric("weir_requests_total" + labels) == 1);
            assertThat(gateway.metric("weir_first_byte_seconds_count{route=\"/v1/chat/completions\",}"))
                    .isOne();
            assertThat(gateway.metric("weir_overhead_seconds_count{route=\"/v1/chat/completions\",}"))
                    .isOne();
            assertThat(gateway.metric("weir_backend_up{backend=\"a\",}")).isOne();
            assertThat(gateway.metric("weir_backend_connects_total{backend=\"a\",}"))
                    .isGreaterThanOrEqualTo(1);
        }
    }

    @Test
    void aConnectionThatIsNoHttpIsCountedAsRefused() {
        try (TestGateway gateway = gateway("");
                RawClient client = RawClient.connect(gateway.port())) {
            client.send("\u0016\u0003\u0001\r\n\r\n");
            assertThat(client.readResponse().status()).isEqualTo(400);

            assertThat(gateway.metric("weir_refused_total{status=\"400\",}")).isOne();
        }
    }

    /** Dashboards and alerts go by these. */
    /** Dashboards and alerts stand on these: {@code -Dweir.metrics.update=true} rewrites the page after a change. */
    @Test
    void everyMetricIsOnItsPage() throws IOException {
        Path page = Path.of(System.getProperty("basedir", "."), "..", "docs", "METRICS.md");
        try (TestGateway gateway = gateway("")) {
            HttpResponse<String> answer = gateway.send("GET", "/metrics", "");
            Map<String, String> rows = new TreeMap<>();
            String help = "";
            for (String line : List.of(answer.body().split("\n"))) {
                String[] words = line.split(" ", 4);
                if (line.startsWith("# HELP weir_")) {
                    help = words[3];
                } else if (line.startsWith("# TYPE weir_")) {
                    rows.put(words[2], "| `" + words[2] + "` | " + words[3] + " | " + help + " |");
                }
            }
            String head = "| metric | kind | what |\n|---|---|---|\n";
            String before = Files.readString(page);
            String intro = before.substring(0, before.indexOf(head) + head.length());
            String now = intro + String.join("\n", rows.values()) + "\n";
            if (Boolean.getBoolean("weir.metrics.update")) {
                Files.writeString(page, now);
            }

            assertThat(answer.headers().firstValue("content-type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
            assertThat(Files.readString(page)).isEqualTo(now);
        }
    }
}

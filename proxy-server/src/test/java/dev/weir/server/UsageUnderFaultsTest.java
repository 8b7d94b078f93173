package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Totals of usage while backends refuse and cut one request in five, and after the process was killed. */
class UsageUnderFaultsTest {
    private static final String AUTH = "authorization: Bearer " + TestGateway.KEY;
    private static final int CLIENTS = 6;
    private static final int REQUESTS_OF_EACH = 50;
    private static final int BYTES_PER_TOKEN = 4;

    /** Tokens of prompts by their form. */
    private static final Map<String, Long> PROMPTS = new ConcurrentHashMap<>();

    /** What clients were told, and within which bounds what they were not told must be. */
    private static final class Tally {
        private long finished;
        private long broken;
        private long refused;
        private long prompt;
        private long completion;
        private long promptSlack;
        private long completionSlack;

        void finished(long promptTokens, long completionTokens) {
            finished++;
            prompt += promptTokens;
            completion += completionTokens;
        }

        /** A stream that broke off: what passed is known within one event, the prompt by its estimate at most. */
        void broken(long events, long eventSlack, long promptEstimate) {
            broken++;
            completion += events;
            completionSlack += eventSlack;
            promptSlack += promptEstimate;
        }

        Tally plus(Tally other) {
            finished += other.finished;
            broken += other.broken;
            refused += other.refused;
            prompt += other.prompt;
            completion += other.completion;
            promptSlack += other.promptSlack;
            completionSlack += other.completionSlack;
            return this;
        }
    }

    private static SimServer faulty(long seed) {
        return TestGateway.sim(SimOptions.instant(SimKind.OPENAI).toBuilder()
                .models("gpt")
                .errorRate(0.2)
                .seed(seed)
                .maxTokensDefault(20)
                .build());
    }

    @Test
    void totalsAreWhatBackendsSaidOfEachFinishedAnswer() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (SimServer one = faulty(1);
                SimServer two = faulty(2);
                TestGateway gateway = TestGateway.start("""
                        backends:
                          one: {url: "%s", kind: openai}
                          two: {url: "%s", kind: openai}
                        models: {gpt: {targets: [{backend: one, model: gpt}, {backend: two, model: gpt}]}}
                        discover_models: false
                        """.formatted(one.url(), two.url()))) {
            List<Future<Tally>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                running.add(clients.submit(() -> load(gateway.port(), client)));
            }
            Tally tally = new Tally();
            for (Future<Tally> each : running) {
                tally.plus(each.get(180, TimeUnit.SECONDS));
            }

            JsonNode total = json(gateway.get("/management/usage?group_by="))
                    .path("data")
                    .path(0);

            assertThat(tally.broken).as("broken off").isPositive();
            assertThat(total.path("requests").asLong()).isEqualTo((long) CLIENTS * REQUESTS_OF_EACH);
            assertThat(total.path("errors").asLong()).isEqualTo(tally.broken + tally.refused);
            assertThat(total.path("prompt_tokens").asLong()).isBetween(tally.prompt, tally.prompt + tally.promptSlack);
            assertThat(total.path("completion_tokens").asLong())
                    .isBetween(tally.completion, tally.completion + tally.completionSlack);
            assertThat(total.path("estimated").asLong()).isBetween(0L, tally.broken);
        } finally {
            clients.shutdownNow();
        }
    }

    private static Tally load(int port, int client) {
        Tally tally = new Tally();
        for (int i = 0; i < REQUESTS_OF_EACH; i++) {
            String question = TestGateway.quoted("'model': 'gpt', 'messages': [{'role': 'user', 'content': 'Tell "
                    + client + " and " + i + " of rivers'}]");
            try (RawClient connection = RawClient.connect(port).timeout(Duration.ofSeconds(60))) {
                switch (i % 3) {
                    case 0 -> whole(connection, "{" + question + "}", tally);
                    case 1 ->
                        stream(
                                connection,
                                "{" + question
                                        + TestGateway.quoted(
                                                ", 'stream': true, 'stream_options': {'include_usage': true}}"),
                                tally);
                    default -> plainStream(connection, question, tally);
                }
            }
        }
        return tally;
    }

    private static void whole(RawClient connection, String body, Tally tally) {
        connection.sendRequest("POST /v1/chat/completions", body, AUTH);
        RawResponse answer = connection.readResponse();
        if (answer.status() != 200) {
            tally.refused++;
        } else if (connection.bodyComplete()) {
            JsonNode usage = json(answer.text()).path("usage");
            tally.finished(
                    usage.path("prompt_tokens").asLong(),
                    usage.path("completion_tokens").asLong());
        } else {
            tally.broken(0, answer.text().length() / BYTES_PER_TOKEN + 1L, body.length() / BYTES_PER_TOKEN);
        }
    }

    /** A stream whose client asks for the usage. */
    private static void stream(RawClient connection, String body, Tally tally) {
        connection.sendRequest("POST /v1/chat/completions", body, AUTH);
        if (connection.readHead().status() != 200) {
            tally.refused++;
            return;
        }
        long pieces = 0;
        JsonNode usage = null;
        boolean done = false;
        for (String event = connection.readSseEvent(); event != null; event = connection.readSseEvent()) {
            done = event.equals("data: [DONE]");
            pieces += isPiece(event) ? 1 : 0;
            usage = event.contains("\"usage\":{") ? json(event.substring(6)).path("usage") : usage;
        }
        if (done && usage != null) {
            assertThat(usage.path("completion_tokens").asLong()).isEqualTo(pieces);
            tally.finished(usage.path("prompt_tokens").asLong(), pieces);
        } else {
            tally.broken(pieces, 1, body.length() / BYTES_PER_TOKEN);
        }
    }

    /** A stream whose client does not ask: what its backend said is seen by its pieces, and by asking the same as a whole. */
    private static void plainStream(RawClient connection, String question, Tally tally) {
        String body = "{" + question + TestGateway.quoted(", 'stream': true}");
        connection.sendRequest("POST /v1/chat/completions", body, AUTH);
        if (connection.readHead().status() != 200) {
            tally.refused++;
            return;
        }
        long pieces = 0;
        boolean done = false;
        for (String event = connection.readSseEvent(); event != null; event = connection.readSseEvent()) {
            assertThat(event).doesNotContain("\"usage\":{");
            done = event.equals("data: [DONE]");
            pieces += isPiece(event) ? 1 : 0;
        }
        if (done) {
            tally.finished(promptTokens(question), pieces);
        } else {
            tally.broken(pieces, 1, body.length() / BYTES_PER_TOKEN);
        }
    }

    private static boolean isPiece(String event) {
        return event.contains("\"content\":\"") && !event.contains("\"content\":\"\"");
    }

    /** As the simulated servers count. */
    private static long promptTokens(String question) {
        return PROMPTS.computeIfAbsent(question.replaceAll("\\d+", "1"), UsageUnderFaultsTest::askPrompt);
    }

    private static long askPrompt(String question) {
        try (SimServer honest = TestGateway.sim(SimKind.OPENAI, "gpt")) {
            RawResponse answer = RawClient.post(honest.port(), "/v1/chat/completions", "{" + question + "}");
            return json(answer.text()).path("usage").path("prompt_tokens").asLong();
        }
    }

    @Test
    void aKilledProcessLosesAtMostWhatWasNotWritten(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("weir.yaml");
        Map<String, String> environment = Map.of("STATE_DIRECTORY", directory.toString());
        try (SimServer sim = TestGateway.sim(SimKind.OPENAI, "gpt")) {
            Files.writeString(file, """
                    server: {listen: "127.0.0.1:0"}
                    auth: {master_key: %s}
                    backends: {a: {url: "%s", kind: openai}}
                    models: {gpt: {targets: [{backend: a, model: gpt}]}}
                    logging: {format: text, access_log: false}
                    """.formatted(TestGateway.KEY, sim.url()));
            long written;
            try (WeirProcess weir = WeirProcess.start(environment, "serve", "--config", file.toString())) {
                int port = weir.awaitPort();
                ask(port, 40);
                written = requests(port);
                assertThat(written).isEqualTo(40);
                ask(port, 25);
                weir.signal("KILL");
                weir.awaitExit();
            }

            try (WeirProcess weir = WeirProcess.start(environment, "serve", "--config", file.toString())) {
                int port = weir.awaitPort();
                assertThat(requests(port)).isBetween(written, written + 25);
                ask(port, 5);
                assertThat(requests(port)).isBetween(written + 5, written + 30);
            }
        }
    }

    private static void ask(int port, int times) {
        for (int i = 0; i < times; i++) {
            RawResponse answer = RawClient.post(
                    port,
                    "/v1/chat/completions",
                    TestGateway.quoted("{'model': 'gpt', 'messages': [{'role': 'user', 'content': 'hi " + i + "'}]}"),
                    AUTH);
            assertThat(answer.status()).isEqualTo(200);
        }
    }

    private static long requests(int port) {
        RawResponse answer = RawClient.get(port, "/management/usage?group_by=", AUTH);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return json(answer.text()).path("data").path(0).path("requests").asLong();
    }
}

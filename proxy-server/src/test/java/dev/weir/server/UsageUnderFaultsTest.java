package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.BackendPeer;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Totals of usage while backends refuse and cut one request in five, and after the process was killed. */
class UsageUnderFaultsTest {
    private static final String AUTH = "authorization: Bearer " + TestGateway.KEY;
    private static final int CLIENTS = 6;
    private static final int REQUESTS_OF_EACH = 50;
    private static final int BYTES_PER_TOKEN = 4;
    private static final String LOAD = "load-";
    private static final Pattern TEXT = Pattern.compile("\"content\": ?\"[^\"]");

    /** Tokens of prompts by their form. */
    private static final Map<String, Long> PROMPTS = new ConcurrentHashMap<>();

    /** Tokens of one answer, of which the client was told, or that are between what it saw and one event more. */
    private record Expected(boolean finished, Range prompt, Range completion) {
        static final Expected REFUSED = new Expected(false, Range.of(0), Range.of(0));

        static Expected told(long promptTokens, long completionTokens) {
            return new Expected(true, Range.of(promptTokens), Range.of(completionTokens));
        }

        /** A stream that broke off, or was left: the prompt is estimated, and each piece of text is a token. */
        static Expected aborted(long pieces, String body) {
            Range prompt = pieces > 0 ? promptOf(body) : new Range(0, body.length() / BYTES_PER_TOKEN);
            return new Expected(false, prompt, new Range(pieces, pieces + 1));
        }

        /** A whole answer that broke off: by its bytes, if there was text in it. */
        static Expected cut(String seen, String body) {
            long tokens = seen.length() / BYTES_PER_TOKEN;
            return isPiece(seen)
                    ? new Expected(false, promptOf(body), new Range(tokens, tokens + 1))
                    : new Expected(false, new Range(0, body.length() / BYTES_PER_TOKEN), new Range(0, tokens + 1));
        }

        private static Range promptOf(String body) {
            return Range.of(body.length() / BYTES_PER_TOKEN);
        }
    }

    /** Bounds of a count, both of them within it. */
    private record Range(long least, long most) {
        static Range of(long exactly) {
            return new Range(exactly, exactly);
        }
    }

    /** What clients saw, by the name of the request. */
    private final Map<String, Expected> expected = new ConcurrentHashMap<>();

    private static SimServer faulty(long seed) {
        return TestGateway.sim(SimOptions.instant(SimKind.OPENAI).toBuilder()
                .models("gpt")
                .errorRate(0.2)
                .seed(seed)
                .maxTokensDefault(20)
                .build());
    }

    @Test
    void totalsAreWhatBackendsSaidAndAbortedAnswersAreWithinOneEventOfWhatPassed() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (SimServer one = faulty(1);
                SimServer two = faulty(2);
                FakeBackend holding = FakeBackend.start().onRequest(UsageUnderFaultsTest::streamAndHold);
                TestGateway gateway = TestGateway.start("""
                        backends:
                          one: {url: "%s", kind: openai}
                          two: {url: "%s", kind: openai}
                          holding: {url: "%s", kind: openai}
                        models:
                          gpt: {targets: [{backend: one, model: gpt}, {backend: two, model: gpt}]}
                          held: {targets: [{backend: holding, model: held}]}
                        discover_models: false
                        """.formatted(one.url(), two.url(), holding.url()))) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                running.add(clients.submit(() -> load(gateway.port(), client)));
            }
            for (Future<?> each : running) {
                each.get(180, TimeUnit.SECONDS);
            }

            assertThat(expected).hasSize(CLIENTS * REQUESTS_OF_EACH);
            Map<String, JsonNode> records = records(gateway);
            expected.forEach((id, answer) -> assertCounted(id, records.getOrDefault(id, NullNode.instance), answer));
            assertTotals(gateway, records);
        } finally {
            clients.shutdownNow();
        }
    }

    /** As many events as the request asks for, and then nothing until it is given up. */
    private static void streamAndHold(ReceivedRequest request, BackendPeer peer) throws Exception {
        if (request.method().equals("GET")) {
            peer.json("{}");
            return;
        }
        long events = json(request.text()).path("max_tokens").asLong();
        peer.startSse();
        for (int i = 0; i < events; i++) {
            peer.sse(Script.chatEvent("word" + i));
        }
        peer.stall();
    }

    /** By the name of the request; it is in the database when its client has been gone for a moment. */
    private static Map<String, JsonNode> records(TestGateway gateway) {
        Map<String, JsonNode> records = new HashMap<>();
        Await.until(Duration.ofSeconds(60), "all are recorded", () -> {
            records.clear();
            for (JsonNode entry :
                    json(gateway.get("/management/audit?limit=1000")).path("data")) {
                if (entry.path("request_id").asText().startsWith(LOAD)) {
                    records.put(entry.path("request_id").asText(), entry);
                }
            }
            return records.size() == CLIENTS * REQUESTS_OF_EACH;
        });
        return records;
    }

    private static void assertCounted(String id, JsonNode entry, Expected answer) {
        assertThat(entry.path("prompt_tokens").asLong())
                .as("%s: prompt of %s", id, entry)
                .isBetween(answer.prompt.least, answer.prompt.most);
        assertThat(entry.path("completion_tokens").asLong())
                .as("%s: completion of %s", id, entry)
                .isBetween(answer.completion.least, answer.completion.most);
        assertThat(entry.path("tokens_estimated").asBoolean())
                .as("%s: estimated, of %s", id, entry)
                .isEqualTo(!answer.finished && entry.path("tokens").asLong() > 0);
    }

    /** The sums are those of the records. */
    private static void assertTotals(TestGateway gateway, Map<String, JsonNode> records) {
        JsonNode total =
                json(gateway.get("/management/usage?group_by=")).path("data").path(0);
        assertThat(total.path("requests").asLong()).isEqualTo(records.size());
        for (String tokens : List.of("prompt_tokens", "completion_tokens")) {
            assertThat(total.path(tokens).asLong())
                    .as(tokens)
                    .isEqualTo(sum(records, entry -> entry.path(tokens).asLong()));
        }
        assertThat(total.path("estimated").asLong())
                .isEqualTo(sum(records, entry -> entry.path("tokens_estimated").asBoolean() ? 1 : 0));
        long left = sum(records, entry -> entry.path("served_model").asText().equals("held") ? 1 : 0);
        assertThat(total.path("aborted").asLong()).isEqualTo(left);
        assertThat(total.path("errors").asLong()).isPositive();
    }

    private static long sum(Map<String, JsonNode> records, ToLongFunction<JsonNode> value) {
        return records.values().stream().mapToLong(value).sum();
    }

    private void load(int port, int client) {
        for (int i = 0; i < REQUESTS_OF_EACH; i++) {
            String id = LOAD + client + "-" + i;
            String question = TestGateway.quoted("'model': 'gpt', 'messages': [{'role': 'user', 'content': 'Tell "
                    + client + " and " + i + " of rivers'}]");
            String asksUsage = TestGateway.quoted(", 'stream': true, 'stream_options': {'include_usage': true}}");
            try (RawClient connection = RawClient.connect(port).timeout(Duration.ofSeconds(60))) {
                expected.put(
                        id,
                        switch (i % 4) {
                            case 0 -> whole(connection, id, "{" + question + "}");
                            case 1 -> stream(connection, id, "{" + question + asksUsage);
                            case 2 -> plainStream(connection, id, question);
                            default -> leave(connection, id, question.replace("gpt", "held"), 1 + i % 7);
                        });
            }
        }
    }

    private static void ask(RawClient connection, String id, String body) {
        connection.sendRequest("POST /v1/chat/completions", body, AUTH, "x-request-id: " + id);
    }

    private static Expected whole(RawClient connection, String id, String body) {
        ask(connection, id, body);
        RawResponse answer = connection.readResponse();
        if (answer.status() != 200) {
            return Expected.REFUSED;
        }
        if (!connection.bodyComplete()) {
            return Expected.cut(answer.text(), body);
        }
        JsonNode usage = json(answer.text()).path("usage");
        return Expected.told(
                usage.path("prompt_tokens").asLong(),
                usage.path("completion_tokens").asLong());
    }

    /** A stream whose client asks for the usage. */
    private static Expected stream(RawClient connection, String id, String body) {
        ask(connection, id, body);
        if (connection.readHead().status() != 200) {
            return Expected.REFUSED;
        }
        long pieces = 0;
        JsonNode usage = null;
        boolean done = false;
        for (String event = connection.readSseEvent(); event != null; event = connection.readSseEvent()) {
            done = event.equals("data: [DONE]");
            pieces += isPiece(event) ? 1 : 0;
            usage = event.contains("\"usage\":{") ? json(event.substring(6)).path("usage") : usage;
        }
        if (!done || usage == null) {
            return Expected.aborted(pieces, body);
        }
        assertThat(usage.path("completion_tokens").asLong()).isEqualTo(pieces);
        return Expected.told(usage.path("prompt_tokens").asLong(), pieces);
    }

    /** A stream whose client does not ask: what its backend said is seen by its pieces, and by asking the same as a whole. */
    private static Expected plainStream(RawClient connection, String id, String question) {
        String body = "{" + question + TestGateway.quoted(", 'stream': true}");
        ask(connection, id, body);
        if (connection.readHead().status() != 200) {
            return Expected.REFUSED;
        }
        long pieces = 0;
        boolean done = false;
        for (String event = connection.readSseEvent(); event != null; event = connection.readSseEvent()) {
            assertThat(event).doesNotContain("\"usage\":{");
            done = event.equals("data: [DONE]");
            pieces += isPiece(event) ? 1 : 0;
        }
        return done ? Expected.told(promptTokens(question), pieces) : Expected.aborted(pieces, body);
    }

    /** A stream that its client leaves when it has seen all that was sent. */
    private static Expected leave(RawClient connection, String id, String question, int events) {
        String body = "{" + question + TestGateway.quoted(", 'stream': true, 'max_tokens': " + events + "}");
        ask(connection, id, body);
        assertThat(connection.readHead().status()).isEqualTo(200);
        for (int i = 0; i < events; i++) {
            assertThat(isPiece(String.valueOf(connection.readSseEvent()))).isTrue();
        }
        return Expected.aborted(events, body);
    }

    private static boolean isPiece(String event) {
        return TEXT.matcher(event).find();
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

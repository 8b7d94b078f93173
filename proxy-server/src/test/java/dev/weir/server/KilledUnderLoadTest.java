package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway on a SQLite file that is killed in the middle of its work, and the next one on the same file. */
class KilledUnderLoadTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int CLIENTS = 4;

    /** Longer than a batch is gathered and written, and than the records taken on are counted, also on a busy machine. */
    private static final long UNWRITTEN_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final Pattern END =
            Pattern.compile("(\\d+) audit records were lost .* of (\\d+) it had counted|all (\\d+) audit records");

    @TempDir
    private Path directory;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** When each request was answered. */
    private final Map<String, Long> answered = new ConcurrentHashMap<>();

    private WeirProcess start(Path file) {
        return WeirProcess.start(Map.of("STATE_DIRECTORY", directory.toString()), "serve", "--config", file.toString());
    }

    @Test
    void theFileIsWholeAndTheNextSaysHowManyRecordsAreMissing() throws Exception {
        Path file = directory.resolve("weir.yaml");
        try (SimServer sim = TestGateway.sim(SimKind.OPENAI, "gpt")) {
            Files.writeString(file, """
                    server: {listen: "127.0.0.1:0"}
                    auth: {master_key: %s}
                    backends: {a: {url: "%s", kind: openai}}
                    models: {gpt: {targets: [{backend: a, model: gpt}]}}
                    logging: {format: text, access_log: false}
                    """.formatted(TestGateway.KEY, sim.url()));
            long killed;
            try (WeirProcess weir = start(file)) {
                killed = killUnderLoad(weir);
            }
            assertThat(integrity()).isEqualTo("ok");

            try (WeirProcess weir = start(file)) {
                String url = "http://127.0.0.1:" + weir.awaitPort();
                Matcher end = END.matcher(weir.awaitLine(END));
                assertThat(end.find()).isTrue();
                long lost = end.group(1) == null ? 0 : Long.parseLong(end.group(1));
                Set<String> missing = missing(url);
                assertThat(missing)
                        .as("only what came last")
                        .allSatisfy(id -> assertThat(killed - answered.getOrDefault(id, 0L))
                                .isLessThan(UNWRITTEN_NANOS));
                assertThat(lost)
                        .as("said to be lost; %s of those answered are missing", missing.size())
                        .isBetween(0L, (long) missing.size() + CLIENTS);
                assertThat(missing.size() - lost)
                        .as("missing, but not said to be")
                        .isLessThanOrEqualTo(answered.values().stream()
                                .filter(time -> killed - time < UNWRITTEN_NANOS)
                                .count());
                long counted = requestsInUsage(url);
                assertThat(counted)
                        .as("in usage")
                        .isBetween(
                                answered.values().stream()
                                        .filter(time -> killed - time > UNWRITTEN_NANOS)
                                        .count(),
                                (long) answered.size() + CLIENTS);
            }
        }
    }

    /** Returns when it was killed. */
    private long killUnderLoad(WeirProcess weir) throws Exception {
        String url = "http://127.0.0.1:" + weir.awaitPort();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            int client = i;
            running.add(clients.submit(() -> askUntilItIsGone(url, client)));
        }
        long began = System.nanoTime();
        Await.until(
                LONG,
                "enough is answered",
                () -> answered.size() > 500 && System.nanoTime() - began > 2 * UNWRITTEN_NANOS);
        long killed = System.nanoTime();
        weir.signal("KILL");
        weir.awaitExit();
        for (Future<?> each : running) {
            each.get(60, TimeUnit.SECONDS);
        }
        clients.shutdown();
        return killed;
    }

    private void askUntilItIsGone(String url, int client) {
        try {
            for (int i = 0; ; i++) {
                String id = "load-" + client + "-" + i;
                HttpResponse<String> answer = send(
                        url + "/v1/chat/completions",
                        "POST",
                        "{'model': 'gpt', 'max_tokens': 3, 'messages': [{'role': 'user', 'content': 'hi'}]}",
                        "x-request-id",
                        id);
                assertThat(answer.statusCode()).isEqualTo(200);
                answered.put(id, System.nanoTime());
            }
        } catch (IOException gone) {
            assertThat(answered).isNotEmpty();
        }
    }

    private HttpResponse<String> send(String url, String method, String json, String... header) throws IOException {
        List<String> headers = new ArrayList<>(List.of("authorization", "Bearer " + TestGateway.KEY));
        headers.addAll(List.of(header));
        try {
            return http.send(
                    TestGateway.request(url, method, json, headers.toArray(String[]::new)),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private String integrity() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data/weir.db"));
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA integrity_check")) {
            return rows.next() ? rows.getString(1) : "nothing";
        }
    }

    /** Requests that were answered and are not in the audit; no request is in it twice. */
    private Set<String> missing(String url) throws IOException {
        Set<String> audited = new HashSet<>();
        String cursor = "";
        do {
            HttpResponse<String> answer = send(url + "/management/audit?limit=1000" + cursor, "GET", "");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            JsonNode page = json(answer);
            for (JsonNode entry : page.path("data")) {
                String id = entry.path("request_id").asText();
                assertThat(audited.add(id)).as(id).isTrue();
            }
            cursor = page.path("next_cursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("next_cursor").asText();
        } while (!cursor.isEmpty());
        Set<String> missing = new HashSet<>(answered.keySet());
        missing.removeAll(audited);
        return missing;
    }

    private long requestsInUsage(String url) throws IOException {
        for (JsonNode line :
                json(send(url + "/management/usage?group_by=model", "GET", "")).path("data")) {
            if (line.path("model").asText().equals("gpt")) {
                return line.path("requests").asLong();
            }
        }
        return 0;
    }
}

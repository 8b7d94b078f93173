package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/** A gateway on a SQLite file that is killed in the middle of its work, and the next one on the same file. */
class KilledUnderLoadTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int CLIENTS = 4;
    private static final String LOAD = "load-";

    /** So many records are in a batch: one may be on its way to the database, and one be gathered. */
    private static final int BATCH = 500;

    /**
     * Longer than a record is in memory only: it is gathered for 250 ms, and on its way to the database for a second at most
     * before it goes to the disk. Longer than usage is, too: it is written each second.
     */
    private static final long UNWRITTEN_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final Pattern LOST = Pattern.compile("(\\d+) audit records were lost .*, of (\\d+) it had counted$");
    private static final Pattern NONE_LOST = Pattern.compile("all (\\d+) audit records of a process that ended");
    private static final Pattern TOLD = Pattern.compile(LOST + "|" + NONE_LOST);

    @TempDir
    private Path directory;

    /** What outlives a process that is killed. */
    @TempDir(factory = InMemory.class)
    private Path memory;

    /** Directories of a file system that is in memory. */
    static final class InMemory implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
            Path shared = Path.of("/dev/shm");
            assumeTrue(Files.isWritable(shared), "no file system in memory here");
            return Files.createTempDirectory(shared, "weir-test-");
        }
    }

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** When each request was answered. */
    private final Map<String, Long> answered = new ConcurrentHashMap<>();

    private WeirProcess start(Path file) {
        return WeirProcess.start(
                Map.of("STATE_DIRECTORY", directory.toString(), "RUNTIME_DIRECTORY", memory.toString()),
                "serve",
                "--config",
                file.toString());
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
                Told told = Told.in(weir.awaitLine(TOLD));
                Set<String> audited = audited(url);
                Set<String> missing = new HashSet<>(answered.keySet());
                missing.removeAll(audited);

                assertThat(missing)
                        .as("only what came last")
                        .allSatisfy(id -> assertThat(killed - answered.getOrDefault(id, 0L))
                                .isLessThan(UNWRITTEN_NANOS));
                assertThat(missing).as("two batches at most").hasSizeLessThanOrEqualTo(2 * BATCH);
                assertThat(audited.size() + told.lost)
                        .as("present, and said to be lost")
                        .isEqualTo(told.counted);
                assertThat(told.counted)
                        .as("what it had counted is what it answered, and what was on its way")
                        .isBetween((long) answered.size() - CLIENTS, (long) answered.size() + CLIENTS);
                assertThat(requestsInUsage(url))
                        .as("in usage")
                        .isBetween(answeredBefore(killed - UNWRITTEN_NANOS), (long) answered.size() + CLIENTS);
            }
        }
    }

    /** What the next process says of the one that was killed. */
    private record Told(long lost, long counted) {
        static Told in(String line) {
            Matcher lost = LOST.matcher(line);
            if (lost.find()) {
                return new Told(Long.parseLong(lost.group(1)), Long.parseLong(lost.group(2)));
            }
            Matcher none = NONE_LOST.matcher(line);
            assertThat(none.find()).as(line).isTrue();
            return new Told(0, Long.parseLong(none.group(1)));
        }
    }

    private long answeredBefore(long nanos) {
        return answered.values().stream().filter(time -> time - nanos < 0).count();
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
                () -> answered.size() > 4 * BATCH && System.nanoTime() - began > 2 * UNWRITTEN_NANOS);
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
                String id = LOAD + client + "-" + i;
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

    /** The requests of the load that are in the audit, none of them twice. */
    private Set<String> audited(String url) throws IOException {
        Set<String> audited = new HashSet<>();
        String cursor = "";
        do {
            HttpResponse<String> answer = send(url + "/management/audit?limit=1000" + cursor, "GET", "");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            JsonNode page = json(answer);
            for (JsonNode entry : page.path("data")) {
                String id = entry.path("request_id").asText();
                assertThat(!id.startsWith(LOAD) || audited.add(id)).as(id).isTrue();
            }
            cursor = page.path("next_cursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("next_cursor").asText();
        } while (!cursor.isEmpty());
        return audited;
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

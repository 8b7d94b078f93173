package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway with secrets of every kind, through good and bad requests: none of them is found afterwards in what it printed,
 * logged, answered, spilt to disk, or shows to other users of the machine. Every secret here holds {@code hush}.
 */
class SecretsProcessTest {
    private static final String MASTER = "sk-hush-master";
    private static final String MANAGEMENT = "sk-hush-management";
    private static final String CHAT = "/v1/chat/completions";
    private static final String BODY =
            "{\"model\":\"m\",\"api_key\":\"hush-in-body\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";

    @TempDir
    private Path directory;

    private final FakeBackend backend = FakeBackend.start();
    private final Map<String, String> seen = new TreeMap<>();

    @AfterEach
    void stop() {
        backend.close();
    }

    private Path configuration() throws IOException {
        return Files.writeString(
                directory.resolve("weir.yaml"), """
                server: {listen: "127.0.0.1:0"}
                backends:
                  b: {url: "%s", kind: openai, api_key: "${BACKEND_KEY}", headers: {X-Team-Token: "${TEAM_TOKEN}"}}
                backend_defaults: {retry: {attempts: 0}}
                discover_models: false
                models: {m: {targets: [{backend: b, model: m}]}}
                metrics: {access: open}
                logging: {level: DEBUG, file: {path: "%s"}}
                middleware: {audit: {bodies: true, queue: 1}}
                """.formatted(backend.url(), directory.resolve("weir.log")));
    }

    private static Map<String, String> environment(Path state, String database) {
        return Map.of(
                "STATE_DIRECTORY",
                state.toString(),
                "WEIR_MASTER_KEY",
                MASTER,
                "WEIR_MANAGEMENT_KEY",
                MANAGEMENT,
                "BACKEND_KEY",
                "hush-backend",
                "TEAM_TOKEN",
                "hush-team",
                "DATABASE_URL",
                database,
                "REDIS_URL",
                "redis://:hush-redis@127.0.0.1:1/0");
    }

    @Test
    void withItsStoresAway() throws IOException {
        run("postgresql://weir:hush-database@127.0.0.1:1/weir?connectTimeout=1");
    }

    @Test
    void withADatabase() throws IOException {
        run("sqlite:" + directory.resolve("state/weir.db"));
    }

    private void run(String database) throws IOException {
        Path state = Files.createDirectories(directory.resolve("state"));
        Path file = configuration();
        try (WeirProcess weir = WeirProcess.start(environment(state, database), "serve", "--config", file.toString())) {
            int port = weir.awaitPort();
            askAbout(port);
            seen.put("command line", weir.commandLine());
            Files.writeString(file, "auth: {master_key: \"hush new with spaces\"}\nnonsense: hush-nonsense\n");
            weir.signal("HUP");
            weir.awaitLine(Pattern.compile("not reloaded"));
            weir.signal("TERM");
            weir.awaitExit();
            seen.put("output", String.join("\n", weir.output()));
            seen.put("errors", String.join("\n", weir.errors()));
        }
        Files.delete(file);
        addFiles();

        assertThat(seen).hasSizeGreaterThan(15);
        assertThat(seen).allSatisfy((where, text) -> assertThat(text).as(where).doesNotContain("hush"));
        assertThat(seen.get("output")).contains("\"route\"");
    }

    /** Requests that succeed and that fail, in all the ways in which a secret is near. */
    private void askAbout(int port) {
        ask(port, "POST", CHAT, BODY, MASTER);
        ask(port, "POST", CHAT, BODY, "sk-hush-guess");
        ask(port, "POST", CHAT, "{\"model\":\"m\",\"api_key\":\"hush-broken\",,", MASTER);
        ask(port, "POST", CHAT, "{\"model\":\"m\",\"model\":\"twice\"}", MASTER);
        ask(port, "GET", "/v1/models", "", MANAGEMENT);
        ask(port, "GET", "/v1/models?api_key=hush-query", "", MASTER);
        ask(port, "GET", "/nowhere?key=hush-query", "", "sk-hush-guess");
        backend.onRequest(Script.resetBeforeHead());
        ask(port, "POST", CHAT, BODY, MASTER);
        backend.onRequest(Script.garbage());
        ask(port, "POST", CHAT, BODY, MASTER);
        backend.onRequest(Script.status(401));
        ask(port, "POST", CHAT, BODY, MASTER);
        for (String path : List.of(
                "/healthz",
                "/readyz",
                "/health",
                "/metrics",
                "/management/config",
                "/management/backends",
                "/management/keys",
                "/management/audit",
                "/management/system/storage-usage",
                "/management/nothing")) {
            ask(port, "GET", path, "", MANAGEMENT);
        }
        ask(port, "POST", "/management/keys", "{\"name\":\"hush\"", MANAGEMENT);
        ask(port, "POST", "/management/config/reload", "", MANAGEMENT);
    }

    private void ask(int port, String method, String path, String body, String key) {
        try (RawClient client = RawClient.connect(port).timeout(WeirProcess.LIMIT)) {
            client.sendRequest(method + " " + path, body, "Authorization: Bearer " + key);
            var answer = client.readResponse();
            seen.put(seen.size() + " " + method + " " + path, answer.rawHead() + answer.text());
        }
    }

    /** All that was written: logs, the database and its journal, spilt records, copies of keys. */
    private void addFiles() throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(directory)) {
            all.filter(Files::isRegularFile).forEach(files::add);
        }
        for (Path file : files) {
            seen.put(directory.relativize(file).toString(), text(file));
        }
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

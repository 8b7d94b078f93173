package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A gateway of this process on a free port, and a client of it. JSON is written with apostrophes in the tests. Any thread. */
final class TestGateway implements AutoCloseable {
    static final String KEY = "sk-test-master";
    static final String MANAGEMENT_KEY = "sk-test-management";
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Path SHIPPED = Path.of(System.getProperty("basedir", "."), "..", "conf", "weir.yaml");

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Gateway gateway;

    private TestGateway(Gateway gateway) {
        this.gateway = gateway;
    }

    /** Starts with {@code yaml} on a free port, no access log, and the keys above. */
    static TestGateway start(String yaml) {
        TestGateway started = start(ConfigurationFile.of("logging: {access_log: false}\n" + yaml), Map.of());
        if (!yaml.contains("database:")) {
            started.awaitDatabase();
        }
        return started;
    }

    /** Starts with the shipped configuration in front of the given servers. */
    static TestGateway shipped(String llm01, String llm02, String orc) {
        return start(
                new ConfigurationFile(SHIPPED, null), Map.of("LLM01_URL", llm01, "LLM02_URL", llm02, "ORC_URL", orc));
    }

    static TestGateway start(ConfigurationFile file, Map<String, String> environment) {
        Map<String, String> variables = new HashMap<>(environment);
        variables.putIfAbsent("WEIR_LISTEN", "127.0.0.1:0");
        variables.putIfAbsent("WEIR_MASTER_KEY", KEY);
        variables.putIfAbsent("STATE_DIRECTORY", freshDirectory().toString());
        variables.putIfAbsent("WEIR_MANAGEMENT_KEY", MANAGEMENT_KEY);
        try {
            return new TestGateway(Gateway.start(file, variables));
        } catch (IOException | InvalidConfigurationException e) {
            throw new AssertionError(e);
        }
    }

    private static Path freshDirectory() {
        try {
            Path target = Path.of(System.getProperty("basedir", "."), "target").toAbsolutePath();
            return Files.createTempDirectory(Files.createDirectories(target), "state");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String shippedConfiguration() {
        try {
            return Files.readString(SHIPPED);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A simulated server to which nothing takes time. */
    static SimServer sim(SimKind kind, String... models) {
        return sim(SimOptions.instant(kind).toBuilder().models(models).build());
    }

    static SimServer sim(SimOptions options) {
        try {
            return SimServer.start(options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A start waits for it for two seconds only. */
    void awaitDatabase() {
        Await.until(Duration.ofSeconds(60), "the database is up", gateway.database()::isUp);
    }

    Gateway gateway() {
        return gateway;
    }

    int port() {
        return gateway.address().getPort();
    }

    String url() {
        return "http://127.0.0.1:" + port();
    }

    /** A GET with the master key. */
    HttpResponse<String> get(String path) {
        return send("GET", path, "", "authorization", "Bearer " + KEY);
    }

    /** A POST of JSON with the master key. */
    HttpResponse<String> post(String path, String json) {
        return send("POST", path, json, "authorization", "Bearer " + KEY);
    }

    HttpResponse<String> send(String method, String path, String json, String... headers) {
        try {
            return http.send(request(url() + path, method, json, headers), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static HttpRequest request(String url, String method, String json, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(60));
        if (json.isEmpty()) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.method(method, HttpRequest.BodyPublishers.ofString(quoted(json)))
                    .header("content-type", "application/json");
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    static JsonNode json(HttpResponse<String> response) {
        return json(response.body());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    static String quoted(String json) {
        return json.replace('\'', '"');
    }

    /** The value of a sample of {@code /metrics} that is named so, labels and all; NaN when there is none. */
    double metric(String sample) {
        return send("GET", "/metrics", "")
                .body()
                .lines()
                .filter(line -> line.startsWith(sample + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }

    @Override
    public void close() {
        gateway.close();
    }
}

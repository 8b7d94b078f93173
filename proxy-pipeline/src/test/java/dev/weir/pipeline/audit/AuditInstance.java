package dev.weir.pipeline.audit;

import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.Identity;
import dev.weir.core.Middleware;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import dev.weir.core.Verdict;
import dev.weir.pipeline.PipelineServer;
import dev.weir.pipeline.TestServices;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One instance of the gateway that audits what one endpoint answers, and a client of it. Any thread. */
final class AuditInstance implements AutoCloseable {
    private final TestServices services;
    private final PipelineServer server;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Database database;

    /** Spills under {@code directory/data/spill}. */
    AuditInstance(Database database, Path directory, AuditSettings settings, Endpoint endpoint) {
        this.database = database;
        this.services = new TestServices(database, directory);
        this.server = new PipelineServer(endpoint, new AuditFactory().create(settings, services), new Reading());
    }

    /** Knows senders by {@code x-test-key}, and which model a body asks for; refuses those whose key is {@code bad}. */
    private static final class Reading implements Middleware {
        private static final Pattern MODEL = Pattern.compile("\"model\": *\"([^\"]*)\"");

        @Override
        public boolean needsBody() {
            return true;
        }

        @Override
        public Verdict onRequest(Exchange exchange) {
            String key = exchange.request().headers().get("x-test-key");
            if ("bad".equals(key)) {
                return Verdict.reject(GatewayError.INVALID_API_KEY, "no such key");
            }
            if (key != null) {
                exchange.set(Identity.KEY, new Identity(key, false, false));
            }
            Matcher model = MODEL.matcher(exchange.body().toString(StandardCharsets.UTF_8));
            if (model.find()) {
                Span span = new Span(model.start(1), model.group(1).length());
                exchange.set(ModelRequest.KEY, new ModelRequest(model.group(1), span, true, false, null));
            }
            return Verdict.PROCEED;
        }
    }

    static AuditInstance of(TestDatabase test, AuditSettings settings, Endpoint endpoint) {
        return new AuditInstance(test.open(), test.directory(), settings, endpoint);
    }

    AuditWriter writer() {
        return AuditWriter.of(services);
    }

    AuditQueries queries() {
        return new AuditQueries(database, writer());
    }

    ConversationQueries conversations() {
        return new ConversationQueries(database, writer());
    }

    int port() {
        return server.port();
    }

    private HttpRequest request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        return (headers.length == 0 ? request : request.headers(headers)).build();
    }

    HttpResponse<String> send(String method, String path, String body, String... headers) {
        try {
            return http.send(request(method, path, body, headers), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    CompletableFuture<HttpResponse<String>> sendLater(String method, String path, String body, String... headers) {
        return http.sendAsync(request(method, path, body, headers), HttpResponse.BodyHandlers.ofString());
    }

    /** The ids of all requests in the database, in the order in which they were written. */
    static List<String> written(Database database) {
        try {
            return database.read(connection -> {
                List<String> ids = new ArrayList<>();
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery("SELECT request_id FROM audit ORDER BY id")) {
                    while (rows.next()) {
                        ids.add(rows.getString(1));
                    }
                }
                return ids;
            });
        } catch (Exception away) {
            return List.of();
        }
    }

    @Override
    public void close() {
        server.close();
        services.close();
    }
}

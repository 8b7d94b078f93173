package dev.weir.server.diagnosis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.server.config.BackendConfig;
import dev.weir.server.config.BackendDefaults;
import dev.weir.server.config.ModelConfig;
import dev.weir.server.config.WeirConfig;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLException;

/**
 * Asks each backend what it is and which models it has; runs no inference. What the configuration expects of it and it does not
 * have is a finding. Blocks the caller's thread.
 */
public final class BackendChecks {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final WeirConfig config;
    private final List<Finding> findings = new ArrayList<>();

    public BackendChecks(WeirConfig config) {
        this.config = config;
    }

    public List<Finding> run() {
        if (config.backends().isEmpty()) {
            findings.add(Finding.failed("backends", "none is configured", "name your servers under backends:"));
        }
        config.backends().forEach(this::look);
        return findings;
    }

    private void look(String name, BackendConfig backend) {
        String subject = "backend " + name;
        try {
            HttpClient http = client(backend);
            boolean ollama = backend.kind() == BackendConfig.Kind.OLLAMA;
            long startNanos = System.nanoTime();
            HttpResponse<String> answer = ask(http, backend, ollama ? "/api/version" : "/models");
            long millis = (System.nanoTime() - startNanos) / 1_000_000;
            if (answer.statusCode() != 200) {
                findings.add(Finding.failed(
                        subject,
                        backend.url() + " answered " + answer.statusCode(),
                        mendOf(answer.statusCode(), ollama)));
                return;
            }
            String version =
                    ollama ? " " + JSON.readTree(answer.body()).path("version").asText("of no version") : "";
            Set<String> has = models(ollama ? ask(http, backend, "/api/tags") : answer, ollama);
            findings.add(Finding.ok(
                    subject,
                    (ollama ? "Ollama" : "OpenAI-compatible") + version + " at " + backend.url() + ", " + millis
                            + " ms, " + has.size() + " models"));
            missing(name, has, ollama);
            answer.headers().firstValue("date").ifPresent(date -> clock(name, date));
        } catch (JsonProcessingException e) {
            findings.add(Finding.failed(
                    subject,
                    backend.url() + " answers, but not as " + backend.kind() + " does",
                    "correct kind: or url: of the backend"));
        } catch (IOException e) {
            findings.add(unreachable(subject, backend, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private HttpClient client(BackendConfig backend) throws IOException {
        BackendDefaults defaults = config.backendDefaults();
        HttpClient.Builder http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(defaults.health().timeout());
        BackendConfig.Tls tls = backend.tls();
        Path ca = tls == null ? null : tls.ca();
        if (ca != null) {
            http.sslContext(TrustedCertificates.of(ca));
        }
        return http.build();
    }

    /** As {@code url} has it: with {@code /v1} or without. */
    private HttpResponse<String> ask(HttpClient http, BackendConfig backend, String path)
            throws IOException, InterruptedException {
        String base = backend.url().toString();
        boolean ollama = path.startsWith("/api/");
        String prefix = ollama ? base.replaceFirst("/v1$", "") : base.endsWith("/v1") ? base : base + "/v1";
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(prefix + path))
                .timeout(config.backendDefaults().health().timeout());
        if (backend.apiKey() != null) {
            request.header("authorization", "Bearer " + backend.apiKey());
        }
        backend.headers().forEach(request::header);
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static Set<String> models(HttpResponse<String> list, boolean ollama) throws JsonProcessingException {
        Set<String> names = new TreeSet<>();
        for (JsonNode model : JSON.readTree(list.body()).path(ollama ? "models" : "data")) {
            names.add(
                    ollama
                            ? tagged(model.path("name").asText())
                            : model.path("id").asText());
        }
        return names;
    }

    private static String tagged(String name) {
        return name.indexOf(':', name.lastIndexOf('/') + 1) < 0 ? name + ":latest" : name;
    }

    private void missing(String backend, Set<String> has, boolean ollama) {
        Set<String> absent = new TreeSet<>();
        for (Map.Entry<String, ModelConfig> model : config.models().entrySet()) {
            for (ModelConfig.Target target : model.getValue().targets()) {
                String name = ollama ? tagged(target.model()) : target.model();
                if (target.backend().equals(backend) && !has.contains(name)) {
                    absent.add(target.model() + " (of " + model.getKey() + ")");
                }
            }
        }
        if (!absent.isEmpty()) {
            findings.add(Finding.failed(
                    "backend " + backend,
                    "has not: " + String.join(", ", absent),
                    ollama
                            ? "ollama pull there, or POST /management/models/pull with \"backend\": \"" + backend + "\""
                            : "serve it there, or correct models:"));
        }
    }

    private void clock(String backend, String date) {
        try {
            Instant theirs = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Finding finding = HostChecks.clock("backend " + backend, theirs, Instant.now());
            if (finding.hasFailed()) {
                // Backends keep no keys and no limits: their logs are hard to read beside Weir's, no more.
                findings.add(Finding.warning("clock", finding.text(), String.valueOf(finding.mend())));
            }
        } catch (DateTimeParseException noDate) {
            // Nothing can be said of its clock.
        }
    }

    private static String mendOf(int status, boolean ollama) {
        return switch (status) {
            case 401, 403 -> "correct api_key: or headers: of the backend";
            case 404 ->
                ollama ? "is it an Ollama? Else kind: openai" : "does url: need /v1, or another path before it?";
            default -> "look at the backend's own log";
        };
    }

    private static Finding unreachable(String subject, BackendConfig backend, IOException failure) {
        String url = backend.url().toString();
        if (failure instanceof ConnectException) {
            return Finding.failed(
                    subject,
                    "nothing listens at " + url,
                    "start it (an Ollama listens beyond its own machine only with OLLAMA_HOST=0.0.0.0), correct url:, look at firewalls");
        }
        if (failure instanceof HttpTimeoutException) {
            return Finding.failed(subject, "no answer in time from " + url, "look at its load and at firewalls");
        }
        if (failure instanceof SSLException) {
            return Finding.failed(
                    subject,
                    "no trusted connection to " + url + ": " + failure.getMessage(),
                    "name its authority's certificate under tls: {ca: FILE}, and the host as the certificate does");
        }
        return Finding.failed(subject, url + ": " + failure.getMessage(), "look at the backend's own log");
    }
}

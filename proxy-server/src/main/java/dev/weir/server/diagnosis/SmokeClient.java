package dev.weir.server.diagnosis;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks a gateway as its clients do, but forbids every cache on the way to answer, and makes every question a new one. Blocks
 * the caller's thread.
 */
final class SmokeClient {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CONNECT = Duration.ofSeconds(5);

    private final HttpClient http;
    private final String base;
    private final String key;
    private final Duration timeout;
    private final String nonce =
            Long.toString(ThreadLocalRandom.current().nextLong(1L << 40), 36).toLowerCase(Locale.ROOT);

    private SmokeClient(HttpClient http, String base, String key, Duration timeout) {
        this.http = http;
        this.base = base;
        this.key = key;
        this.timeout = timeout;
    }

    /**
     * A client of the gateway at {@code url}, with or without {@code /v1} at its end.
     *
     * @throws IllegalArgumentException if it is no address of a gateway
     * @throws IOException if the certificate cannot be read
     */
    static SmokeClient of(URI url, String key, Duration timeout, @Nullable Path certificate) throws IOException {
        String scheme = url.getScheme();
        if (url.getHost() == null || (!"http".equals(scheme) && !"https".equals(scheme))) {
            throw new IllegalArgumentException("--url: " + url + " (expected: http://HOST:PORT or https://HOST:PORT)");
        }
        HttpClient.Builder http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT);
        if (certificate != null) {
            http.sslContext(TrustedCertificates.of(certificate));
        }
        String base = url.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
        return new SmokeClient(http.build(), base, key, timeout);
    }

    /** What no question of an earlier run held. */
    String nonce() {
        return nonce;
    }

    String base() {
        return base;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path).GET().build());
    }

    HttpResponse<String> post(String path, ObjectNode body) throws IOException, InterruptedException {
        HttpRequest request = request(path)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        return send(request);
    }

    /** The timeout of the request itself ends with the head of the answer; this one with its body. */
    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<String>> answer = http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
        try {
            return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new HttpTimeoutException("no whole answer in " + timeout.toSeconds() + " s");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException(e.getCause());
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path))
                .timeout(timeout)
                .header("authorization", "Bearer " + key)
                .header("cache-control", "no-store")
                .header("user-agent", "weir-smoke")
                .header("x-request-id", "smoke-" + nonce + path.replace('/', '-'));
    }
}

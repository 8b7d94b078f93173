package dev.weir.backends;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One backend as configured. Two specs that are equal describe the same backend: it survives a reload with its connections
 * and counts.
 *
 * @param name its name in the configuration, logs and metrics
 * @param url where it is; http or https, with an optional path before {@code /v1} or {@code /api}
 * @param kind which APIs it speaks
 * @param weight its share of the load against others', at least 1
 * @param maxInFlight requests it is given at once, at least 1
 * @param apiKey sent as bearer token, or null for none; the client's own key never is
 * @param headers fields sent with every request
 * @param parallel requests it runs at once per model; 0 for unknown
 */
public record BackendSpec(
        String name,
        URI url,
        Kind kind,
        int weight,
        int maxInFlight,
        @Nullable String apiKey,
        Map<String, String> headers,
        Timeouts timeouts,
        Pool pool,
        Health health,
        Eject eject,
        @Nullable Tls tls,
        int parallel) {

    /** Which APIs a backend speaks. */
    public enum Kind {
        OLLAMA,
        OPENAI
    }

    /**
     * How long a backend may take, in milliseconds.
     *
     * @param connectMillis to connect, TLS handshake included
     * @param firstByteMillis from the request sent to the answer's head
     * @param idleMillis between two reads of an answer
     * @param totalMillis for the whole answer
     */
    public record Timeouts(long connectMillis, long firstByteMillis, long idleMillis, long totalMillis) {
        public static final Timeouts DEFAULT = new Timeouts(2_000, 300_000, 120_000, 3_600_000);
    }

    /**
     * Idle connections kept for reuse.
     *
     * @param maxIdlePerLoop how many each event loop keeps
     * @param idleMillis how long one waits for its next request
     * @param maxAgeMillis how old one may get
     */
    public record Pool(int maxIdlePerLoop, long idleMillis, long maxAgeMillis) {
        public static final Pool DEFAULT = new Pool(64, 30_000, 600_000);
    }

    /**
     * Active checks; they never run inference.
     *
     * @param fall failures in a row that take the backend out
     * @param rise successes in a row that bring it back
     */
    public record Health(long intervalMillis, long timeoutMillis, int fall, int rise) {
        public static final Health DEFAULT = new Health(5_000, 2_000, 3, 2);
    }

    /**
     * Passive ejection by failures of real requests.
     *
     * @param consecutiveFailures how many in a row eject
     * @param baseMillis for how long the first time; doubles with each repeat
     * @param maxMillis for how long at most
     */
    public record Eject(int consecutiveFailures, long baseMillis, long maxMillis) {
        public static final Eject DEFAULT = new Eject(5, 5_000, 300_000);
    }

    /**
     * How an https backend is trusted; PEM files throughout.
     *
     * @param ca certificates to trust instead of the system's, or null
     * @param verify false takes any certificate
     * @param certificate shown to a backend that asks for one, with its private key; or null
     */
    public record Tls(
            @Nullable Path ca,
            boolean verify,
            @Nullable Path certificate,
            @Nullable Path privateKey) {}

    public BackendSpec {
        if (weight < 1) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 1)");
        }
        if (maxInFlight < 1) {
            throw new IllegalArgumentException("max_in_flight: " + maxInFlight + " (expected: >= 1)");
        }
        if (parallel < 0) {
            throw new IllegalArgumentException("parallel: " + parallel + " (expected: >= 0)");
        }
        headers = Map.copyOf(headers);
    }

    /** A backend of which nobody knows how many requests it runs at once. */
    public BackendSpec(
            String name,
            URI url,
            Kind kind,
            int weight,
            int maxInFlight,
            @Nullable String apiKey,
            Map<String, String> headers,
            Timeouts timeouts,
            Pool pool,
            Health health,
            Eject eject,
            @Nullable Tls tls) {
        this(name, url, kind, weight, maxInFlight, apiKey, headers, timeouts, pool, health, eject, tls, 0);
    }

    /** A backend with default settings. */
    public static BackendSpec of(String name, String url, Kind kind) {
        return new BackendSpec(
                name,
                URI.create(url),
                kind,
                1,
                64,
                null,
                Map.of(),
                Timeouts.DEFAULT,
                Pool.DEFAULT,
                Health.DEFAULT,
                Eject.DEFAULT,
                null);
    }

    boolean isTls() {
        return "https".equalsIgnoreCase(url.getScheme());
    }

    int port() {
        return url.getPort() >= 0 ? url.getPort() : isTls() ? 443 : 80;
    }

    /** The Host field: the backend's own authority, which Ollama insists on. */
    String authority() {
        return url.getPort() < 0 ? url.getHost() : url.getHost() + ":" + url.getPort();
    }

    /** The URL's path without a trailing slash or {@code /v1}, to put before request paths. */
    String basePath() {
        String path = url.getRawPath() == null ? "" : url.getRawPath();
        if (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return path.endsWith("/v1") ? path.substring(0, path.length() - 3) : path;
    }

    /** Everything but secrets. */
    @Override
    public String toString() {
        return "BackendSpec[" + name + ", " + kind + ", " + url + ", weight " + weight + "]";
    }
}

package dev.weir.server.config;

import dev.weir.core.Default;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One of {@code backends}: a server that runs models. Its timeouts are the effective ones, its own over those of
 * {@code backend_defaults}.
 *
 * @param maxInFlight how many requests it may be given at once
 * @param parallel how many it runs at once per model; null = unknown
 * @param embeddings what its endpoint for embeddings takes
 */
public record BackendConfig(
        BackendUrl url,
        @Default("ollama") Kind kind,
        @Nullable String apiKey,
        @Default("1") int weight,
        @Default("64") int maxInFlight,
        @Nullable Integer parallel,
        @Default("{}") Map<String, String> headers,
        @Default("{}") BackendTimeouts timeouts,
        @Default("auto") Embeddings embeddings,
        @Nullable Tls tls) {

    private static final Pattern FIELD_NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Pattern FIELD_VALUE = Pattern.compile("[\\t -~\\x{80}-\\x{10FFFF}]*");

    public BackendConfig {
        Expect.atLeast("weight", weight, 1);
        Expect.atLeast("max_in_flight", maxInFlight, 1);
        if (parallel != null) {
            Expect.atLeast("parallel", parallel, 1);
        }
        if (apiKey != null && !FIELD_VALUE.matcher(apiKey).matches()) {
            throw new IllegalArgumentException("api_key: holds characters that a header cannot carry");
        }
        headers.forEach((name, value) -> {
            if (!FIELD_NAME.matcher(name).matches()
                    || !FIELD_VALUE.matcher(value).matches()) {
                throw new IllegalArgumentException("headers: " + name + " is no header, or its value is none");
            }
        });
        if (tls != null && !url.secure()) {
            throw new IllegalArgumentException("tls: the url is not https");
        }
    }

    /** The API a backend speaks. */
    public enum Kind {
        OLLAMA,
        OPENAI
    }

    /** What a backend's endpoint for embeddings takes. */
    public enum Embeddings {
        /** {@code input}, as OpenAI's does, unless it is an Ollama that turns out to have no such endpoint. */
        AUTO,
        /** One {@code prompt} at a time: an Ollama's {@code /api/embeddings}, another server's {@code /v1/embeddings}. */
        PROMPT
    }

    /**
     * How an https backend is trusted, PEM files throughout.
     *
     * @param ca further certificates to trust; null = the system's only
     * @param verify false = any certificate is taken
     * @param certificate shown to a backend that asks for one, with its private key
     */
    public record Tls(
            @Nullable Path ca,
            @Default("true") boolean verify,
            @Nullable Path certificate,
            @Nullable Path privateKey) {

        public Tls {
            if ((certificate == null) != (privateKey == null)) {
                throw new IllegalArgumentException("certificate and private_key need each other");
            }
        }
    }

    @Override
    public String toString() {
        return Redacted.of(this).toString();
    }
}

package dev.weir.pipeline.cors;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * {@code cors}: which pages in browsers may call.
 *
 * @param origins where those pages come from, as {@code SCHEME://HOST[:PORT]}; {@code *} for everywhere
 * @param methods what they may use; {@code *} for any
 * @param headers what they may send; {@code *} for any
 * @param maxAge how long a browser may remember the answer to a preflight
 * @param credentials whether cookies and client certificates may come along; API keys do not need it
 * @param expose the response headers that pages may read; a {@code *} at the end stands for any rest of a name
 */
public record CorsSettings(
        @Default("[\"*\"]") List<String> origins,
        @Default("[\"*\"]") List<String> methods,
        @Default("[\"*\"]") List<String> headers,
        @Default("10m") Duration maxAge,
        @Default("false") boolean credentials,

        @Default("[x-request-id, retry-after, retry-after-ms, \"x-ratelimit-*\", \"x-weir-*\"]")
        List<String> expose) {

    private static final Pattern ORIGIN = Pattern.compile("\\*|null|[a-z][a-z0-9+.-]*://[^/?#\\s,*]+");

    /** Browsers send origins in lower case (WHATWG HTML, serialisation of an origin). */
    public CorsSettings {
        origins =
                origins.stream().map(origin -> origin.toLowerCase(Locale.ROOT)).toList();
        methods = List.copyOf(methods);
        headers = List.copyOf(headers);
        expose = List.copyOf(expose);
        for (String origin : origins) {
            if (!ORIGIN.matcher(origin).matches()) {
                throw new IllegalArgumentException(
                        "origins: " + origin + " (expected: SCHEME://HOST[:PORT] without a path, or *)");
            }
        }
        expectTokens("methods", methods);
        expectTokens("headers", headers);
        expectTokens("expose", expose);
        if (credentials && expose.contains("*")) {
            throw new IllegalArgumentException(
                    "expose: * (expected: names, since browsers take * for a name where credentials are allowed)");
        }
        if (maxAge.isNegative()) {
            throw new IllegalArgumentException("max_age: " + maxAge.toSeconds() + "s (expected: >= 0s)");
        }
    }

    private static void expectTokens(String name, List<String> values) {
        for (String value : values) {
            if (!Tokens.isToken(value)) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: a name, or *)");
            }
        }
    }

    boolean anyOrigin() {
        return origins.contains("*");
    }

    /** Whether answers differ from origin to origin, which caches must be told. */
    boolean variesByOrigin() {
        return credentials || !anyOrigin();
    }
}

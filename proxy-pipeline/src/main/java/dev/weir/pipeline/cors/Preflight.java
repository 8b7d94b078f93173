package dev.weir.pipeline.cors;

import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.core.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * Answers the question a browser asks before a call that no plain form could have made (WHATWG Fetch section 3.3.2). Immutable.
 */
final class Preflight {
    private static final String ASKED_METHOD = "Access-Control-Request-Method";
    private static final String ASKED_HEADERS = "Access-Control-Request-Headers";
    private static final String USUAL_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    private final boolean anyMethod;
    private final String methods;
    private final @Nullable String headers;
    private final String maxAgeSeconds;
    private final boolean credentials;
    private final boolean varies;

    Preflight(CorsSettings settings) {
        anyMethod = settings.methods().contains("*");
        methods = anyMethod ? USUAL_METHODS : String.join(", ", settings.methods());
        headers = settings.headers().contains("*") ? null : String.join(", ", settings.headers());
        maxAgeSeconds = Long.toString(settings.maxAge().toSeconds());
        credentials = settings.credentials();
        varies = settings.variesByOrigin();
    }

    /** Whether a request that names its origin is a preflight. */
    static boolean is(RequestHead request) {
        return request.method().equals("OPTIONS") && request.headers().contains(ASKED_METHOD);
    }

    /** The answer to an origin that is allowed. */
    LocalResponse answer(Headers request, String allowedOrigin) {
        LocalResponse answer = LocalResponse.empty(204);
        Headers fields = answer.head().headers();
        fields.add("Access-Control-Allow-Origin", allowedOrigin);
        fields.add("Access-Control-Allow-Methods", methods(request));
        String allowedHeaders = headers(request);
        if (!allowedHeaders.isEmpty()) {
            fields.add("Access-Control-Allow-Headers", allowedHeaders);
        }
        if (credentials) {
            fields.add("Access-Control-Allow-Credentials", "true");
        }
        fields.add("Access-Control-Max-Age", maxAgeSeconds);
        if (varies) {
            fields.add("Vary", "Origin");
        }
        return answer;
    }

    /** Methods compare with case, so {@code patch} is not the PATCH of the usual ones. */
    private String methods(Headers request) {
        String asked = request.get(ASKED_METHOD);
        boolean add = anyMethod
                && asked != null
                && Tokens.isToken(asked)
                && !(", " + USUAL_METHODS + ",").contains(", " + asked + ",");
        return add ? methods + ", " + asked : methods;
    }

    /** Names what was asked for instead of {@code *}, which would not include {@code Authorization}. */
    private String headers(Headers request) {
        if (headers != null) {
            return headers;
        }
        String asked = request.get(ASKED_HEADERS);
        return asked != null && Tokens.isList(asked) ? asked : "";
    }
}

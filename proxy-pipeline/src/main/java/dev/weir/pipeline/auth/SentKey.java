package dev.weir.pipeline.auth;

import dev.weir.core.Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The key in a request's head. {@code Authorization: Bearer} (RFC 6750 section 2.1, the scheme in any case of letters) counts
 * first, then the fields that other clients use. An empty one, or another scheme of Authorization, is no key.
 */
final class SentKey {
    private static final String BEARER = "Bearer ";
    private static final List<String> FIELDS = List.of("x-api-key", "api-key", "x-goog-api-key", "x-litellm-api-key");

    private SentKey() {}

    static @Nullable String of(Headers headers) {
        String authorization = headers.get("Authorization");
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            String token = authorization.substring(BEARER.length()).strip();
            if (!token.isEmpty()) {
                return token;
            }
        }
        for (String field : FIELDS) {
            String key = headers.get(field);
            if (key != null && !key.isEmpty()) {
                return key;
            }
        }
        return null;
    }
}

package dev.weir.server.sim;

import io.netty.handler.codec.http.HttpHeaderNames;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Demands the configured key, as a bearer token or in {@code x-api-key}. *Any thread.* */
record ApiKeyCheck(String key, Consumer<Exchange> next) implements Consumer<Exchange> {
    private static final String BEARER = "Bearer ";

    @Override
    public void accept(Exchange exchange) {
        String given = given(exchange);
        if (given == null) {
            throw new SimError(401, "You didn't provide an API key.", null, "invalid_api_key");
        }
        byte[] expected = key.getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8))) {
            throw new SimError(401, "Incorrect API key provided.", null, "invalid_api_key");
        }
        next.accept(exchange);
    }

    private static @Nullable String given(Exchange exchange) {
        String authorization = exchange.headers().get(HttpHeaderNames.AUTHORIZATION);
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return authorization.substring(BEARER.length()).strip();
        }
        return exchange.headers().get("x-api-key");
    }
}

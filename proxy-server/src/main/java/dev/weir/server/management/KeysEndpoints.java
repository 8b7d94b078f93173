package dev.weir.server.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.auth.ApiKey;
import dev.weir.pipeline.auth.ApiKey.Issued;
import dev.weir.pipeline.auth.ApiKeys;
import dev.weir.pipeline.auth.KeySpec;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.server.config.Durations;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /management/keys…}: API keys over HTTP. What needs the database runs on its threads. */
public final class KeysEndpoints {
    private static final Logger LOG = LoggerFactory.getLogger(KeysEndpoints.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PATH = "/management/keys";
    private static final String ROTATE = "/rotate";
    private static final Set<String> SECRETS = Set.of("key", "sha256");
    private static final int PAGE = 100;

    private final ApiKeys keys;
    private final Database database;

    public KeysEndpoints(ApiKeys keys, Database database) {
        this.keys = keys;
        this.database = database;
    }

    /** Does what may wait, and answers. */
    @FunctionalInterface
    private interface Task {
        LocalResponse run() throws GatewayException;
    }

    /** {@code /management/keys}: {@code GET} lists, {@code POST} makes. */
    public Endpoint all() {
        return new Collecting((exchange, downstream) -> {
            switch (method(exchange)) {
                case "GET" -> list(exchange, downstream);
                case "POST" -> create(exchange, downstream);
                default -> throw notOffered(exchange, "GET, POST");
            }
        });
    }

    /** {@code /management/keys/{id}} and {@code …/rotate}. */
    public Endpoint one() {
        return new Collecting((exchange, downstream) -> {
            String id = exchange.request().path().substring(PATH.length() + 1);
            if (id.endsWith(ROTATE)) {
                rotate(id.substring(0, id.length() - ROTATE.length()), exchange, downstream);
                return;
            }
            switch (method(exchange)) {
                case "GET" -> answer(exchange, downstream, () -> json(200, KeyJson.of(keys.get(id), null)));
                case "PATCH" -> patch(id, exchange, downstream);
                case "DELETE" -> revoke(id, exchange, downstream);
                default -> throw notOffered(exchange, "GET, PATCH, DELETE");
            }
        });
    }

    /** An endpoint whose requests have bodies. */
    private record Collecting(Endpoint endpoint) implements Endpoint {
        @Override
        public boolean needsBody() {
            return true;
        }

        @Override
        public void serve(Exchange exchange, Downstream downstream) throws Exception {
            endpoint.serve(exchange, downstream);
        }
    }

    private static String method(Exchange exchange) {
        return exchange.request().isHead() ? "GET" : exchange.request().method();
    }

    private static GatewayException notOffered(Exchange exchange, String offered) {
        return new GatewayException(
                GatewayError.METHOD_NOT_ALLOWED,
                "method " + exchange.request().method() + " is not offered here (offered: " + offered + ")");
    }

    private void list(Exchange exchange, Downstream downstream) throws GatewayException {
        Map<String, String> query = query(exchange.request().query());
        int limit = number(query.getOrDefault("limit", Integer.toString(PAGE)));
        boolean withRevoked = query.getOrDefault("revoked", "false").equals("true");
        String cursor = query.get("cursor");
        answer(exchange, downstream, () -> {
            List<ApiKey> page = keys.list(withRevoked, limit, cursor);
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            ArrayNode data = json.putArray("data");
            page.forEach(key -> data.add(KeyJson.of(key, null)));
            json.put(
                    "next_cursor",
                    page.size() < limit ? null : page.get(limit - 1).id());
            return json(200, json);
        });
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String part : text.split("&", -1)) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                query.put(
                        part.substring(0, equals),
                        URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return query;
    }

    private static int number(String text) throws GatewayException {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "limit: " + text + " (expected: a number)", e)
                    .param("limit");
        }
    }

    private void create(Exchange exchange, Downstream downstream) throws GatewayException {
        ObjectNode body = body(exchange);
        String secret = text(body, "key");
        String sha256 = text(body, "sha256");
        KeySpec spec = checked(() -> {
            if (secret != null && sha256 != null) {
                throw new IllegalArgumentException("sha256: beside key (expected: one of them, or neither)");
            }
            if (text(body, "name") == null) {
                throw new IllegalArgumentException("name: is missing");
            }
            return KeyJson.merge(KeySpec.named("new"), body, SECRETS);
        });
        answer(exchange, downstream, () -> {
            if (secret == null && sha256 == null) {
                Issued issued = keys.create(spec);
                told(exchange, "made", issued.key());
                return json(201, KeyJson.of(issued.key(), issued.secret()));
            }
            ApiKey taken =
                    secret == null ? keys.importDigest(spec, String.valueOf(sha256)) : keys.importSecret(spec, secret);
            told(exchange, "taken over", taken);
            return json(201, KeyJson.of(taken, null));
        });
    }

    private void patch(String id, Exchange exchange, Downstream downstream) throws GatewayException {
        ObjectNode body = body(exchange);
        // Checked before the database is asked, so that what makes no sense is told apart from what is not there.
        checked(() -> KeyJson.merge(KeySpec.named("any"), body, Set.of()));
        answer(exchange, downstream, () -> {
            ApiKey key = keys.update(id, before -> KeyJson.merge(before, body, Set.of()));
            told(exchange, "changed", key);
            return json(200, KeyJson.of(key, null));
        });
    }

    private void revoke(String id, Exchange exchange, Downstream downstream) {
        answer(exchange, downstream, () -> {
            ApiKey key = keys.revoke(id);
            told(exchange, "revoked", key);
            return json(200, KeyJson.of(key, null));
        });
    }

    private void rotate(String id, Exchange exchange, Downstream downstream) throws GatewayException {
        if (!exchange.request().method().equals("POST")) {
            throw notOffered(exchange, "POST");
        }
        ObjectNode body = exchange.body().isReadable() ? body(exchange) : JsonNodeFactory.instance.objectNode();
        Duration grace = checked(() -> grace(body));
        answer(exchange, downstream, () -> {
            Issued issued = keys.rotate(id, grace);
            told(exchange, "rotated", issued.key());
            return json(200, KeyJson.of(issued.key(), issued.secret()));
        });
    }

    private static Duration grace(ObjectNode body) {
        body.fieldNames().forEachRemaining(name -> {
            if (!name.equals("grace")) {
                throw new IllegalArgumentException(name + ": unknown field (expected: grace)");
            }
        });
        JsonNode grace = body.path("grace");
        try {
            return grace.isMissingNode() || grace.isNull() ? Duration.ZERO : Durations.parse(grace.asText());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("grace: " + grace.asText() + ": " + e.getMessage(), e);
        }
    }

    private static void told(Exchange exchange, String what, ApiKey key) {
        Identity by = exchange.get(Identity.KEY);
        LOG.info("API key {} {} by {}", key.id(), what, by == null ? "nobody" : by.id());
    }

    private static @Nullable String text(ObjectNode body, String field) {
        JsonNode value = body.get(field);
        return value == null || value.isNull() ? null : value.asText();
    }

    private static ObjectNode body(Exchange exchange) throws GatewayException {
        try {
            JsonNode body = JSON.readTree(ByteBufUtil.getBytes(exchange.body()));
            if (body instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "the body is no JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "the body cannot be read", e);
        }
        throw new GatewayException(GatewayError.BAD_REQUEST, "the body is no JSON object");
    }

    @FunctionalInterface
    private interface Reading<T> {
        T read();
    }

    /** What is wrong with a field becomes a 400 that names it. */
    private static <T> T checked(Reading<T> reading) throws GatewayException {
        try {
            return reading.read();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = message.indexOf(':');
            GatewayException refusal = new GatewayException(GatewayError.BAD_REQUEST, message, e);
            throw colon < 0 ? refusal : refusal.param(message.substring(0, colon));
        }
    }

    private static LocalResponse json(int status, ObjectNode json) {
        return LocalResponse.json(status, json.toString());
    }

    private void answer(Exchange exchange, Downstream downstream, Task task) {
        database.later(task::run)
                .whenCompleteAsync(
                        (response, failure) -> {
                            if (failure == null) {
                                downstream.respond(response);
                            } else {
                                downstream.fail(refusal(failure));
                            }
                        },
                        exchange.eventLoop());
    }

    private static GatewayException refusal(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof GatewayException refusal) {
            return refusal;
        }
        if (cause instanceof DatabaseAwayException) {
            return new GatewayException(GatewayError.STORE_UNAVAILABLE, String.valueOf(cause.getMessage()), cause);
        }
        LOG.error("a management request failed", cause);
        return new GatewayException(GatewayError.INTERNAL, "the gateway failed to do this; its log says why", cause);
    }
}

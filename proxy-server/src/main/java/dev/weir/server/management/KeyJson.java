package dev.weir.server.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import dev.weir.pipeline.auth.ApiKey;
import dev.weir.pipeline.auth.KeyBudget;
import dev.weir.pipeline.auth.KeyScope;
import dev.weir.pipeline.auth.KeySpec;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** API keys as JSON, for HTTP and for the command line. Messages about what is wrong begin with the field's name. */
public final class KeyJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> FIELDS = new TreeSet<>(Set.of(
            "name", "owner", "team", "scopes", "models", "limits", "budget", "blocked", "metadata", "expires_at"));
    private static final Set<String> LIMITS = Set.of("requests_per_minute", "tokens_per_minute", "parallel");
    private static final Set<String> BUDGET = Set.of("tokens_per_day", "tokens_per_month");

    private KeyJson() {}

    /** A key; {@code secret} is null but where it is made. */
    public static ObjectNode of(ApiKey key, @Nullable String secret) {
        KeySpec spec = key.spec();
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("id", key.id());
        if (secret != null) {
            json.put("key", secret);
        }
        json.put("name", spec.name())
                .put("prefix", key.prefix())
                .put("owner", spec.owner())
                .put("team", spec.team());
        ArrayNode scopes = json.putArray("scopes");
        EnumSet.copyOf(spec.scopes()).forEach(scope -> scopes.add(scope.text()));
        ArrayNode models = json.putArray("models");
        spec.models().patterns().forEach(models::add);
        json.putObject("limits")
                .put("requests_per_minute", spec.limits().requestsPerMinute())
                .put("tokens_per_minute", spec.limits().tokensPerMinute())
                .put("parallel", spec.limits().parallel());
        json.putObject("budget")
                .put("tokens_per_day", spec.budget().tokensPerDay())
                .put("tokens_per_month", spec.budget().tokensPerMonth());
        json.put("blocked", spec.blocked());
        json.set("metadata", metadata(spec.metadata()));
        return json.put("created_at", time(key.createdAtMillis()))
                .put("expires_at", time(spec.expiresAtMillis()))
                .put("last_used_at", time(key.lastUsedAtMillis()))
                .put("revoked_at", time(key.revokedAtMillis()));
    }

    private static @Nullable String time(long millis) {
        return millis == 0 ? null : Instant.ofEpochMilli(millis).toString();
    }

    private static JsonNode metadata(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JsonNodeFactory.instance.objectNode();
        }
    }

    /**
     * {@code before} with the fields of {@code patch} in the place of its own. What may be null is reset by it.
     *
     * @param others further fields that the caller understands
     * @throws IllegalArgumentException if a field is unknown or makes no sense
     */
    public static KeySpec merge(KeySpec before, ObjectNode patch, Set<String> others) {
        expectKnown("", patch, FIELDS, others);
        JsonNode models = patch.get("models");
        JsonNode scopes = patch.get("scopes");
        JsonNode blocked = patch.get("blocked");
        JsonNode metadata = patch.get("metadata");
        return new KeySpec(
                text(patch, "name", before.name()),
                text(patch, "owner", before.owner()),
                text(patch, "team", before.team()),
                scopes == null ? before.scopes() : scopes(scopes),
                models == null ? before.models() : new ModelPatterns(texts("models", models)),
                limits(patch.get("limits"), before.limits()),
                budget(patch.get("budget"), before.budget()),
                blocked == null ? before.blocked() : flag(blocked),
                metadata == null ? before.metadata() : metadata(metadata),
                expiresAt(patch.get("expires_at"), before.expiresAtMillis()));
    }

    private static void expectKnown(String path, JsonNode object, Set<String> known, Set<String> others) {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name) && !others.contains(name)) {
                throw new IllegalArgumentException(
                        path + name + ": unknown field (expected: " + String.join(", ", new TreeSet<>(known)) + ")");
            }
        });
    }

    private static String text(ObjectNode json, String field, String before) {
        JsonNode value = json.get(field);
        if (value == null) {
            return before;
        }
        if (value.isNull()) {
            return "";
        }
        if (!value.isTextual()) {
            throw new IllegalArgumentException(field + ": no text (expected: a string)");
        }
        return value.textValue();
    }

    private static List<String> texts(String field, JsonNode value) {
        List<String> texts = new ArrayList<>();
        if (value.isNull()) {
            return texts;
        }
        boolean strings = value.isArray();
        for (JsonNode element : value) {
            strings &= element.isTextual();
            texts.add(element.asText());
        }
        if (!strings) {
            throw new IllegalArgumentException(field + ": no list of texts (expected: [\"…\"])");
        }
        return texts;
    }

    private static Set<KeyScope> scopes(JsonNode value) {
        Set<KeyScope> scopes = EnumSet.noneOf(KeyScope.class);
        texts("scopes", value).forEach(text -> scopes.add(KeyScope.of(text)));
        return scopes;
    }

    private static boolean flag(JsonNode value) {
        if (!value.isBoolean()) {
            throw new IllegalArgumentException("blocked: neither true nor false");
        }
        return value.booleanValue();
    }

    private static Limits limits(@Nullable JsonNode json, Limits before) {
        if (json == null) {
            return before;
        }
        expectObject("limits", json, LIMITS);
        long parallel = number("limits.parallel", json.get("parallel"), before.parallel());
        return new Limits(
                number("limits.requests_per_minute", json.get("requests_per_minute"), before.requestsPerMinute()),
                number("limits.tokens_per_minute", json.get("tokens_per_minute"), before.tokensPerMinute()),
                (int) Math.min(Integer.MAX_VALUE, parallel));
    }

    private static KeyBudget budget(@Nullable JsonNode json, KeyBudget before) {
        if (json == null) {
            return before;
        }
        expectObject("budget", json, BUDGET);
        return new KeyBudget(
                number("budget.tokens_per_day", json.get("tokens_per_day"), before.tokensPerDay()),
                number("budget.tokens_per_month", json.get("tokens_per_month"), before.tokensPerMonth()));
    }

    private static void expectObject(String field, JsonNode json, Set<String> known) {
        if (!json.isObject()) {
            throw new IllegalArgumentException(field + ": no object (expected: {\"…\": number})");
        }
        expectKnown(field + ".", json, known, Set.of());
    }

    private static long number(String field, @Nullable JsonNode value, long before) {
        if (value == null) {
            return before;
        }
        if (value.isNull()) {
            return 0;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
            throw new IllegalArgumentException(
                    field + ": " + value + " (expected: a whole number >= 1, or 0 for no limit)");
        }
        return value.longValue();
    }

    private static String metadata(JsonNode value) {
        if (value.isNull()) {
            return "{}";
        }
        if (!value.isObject()) {
            throw new IllegalArgumentException("metadata: no object");
        }
        return value.toString();
    }

    private static long expiresAt(@Nullable JsonNode value, long before) {
        if (value == null) {
            return before;
        }
        if (value.isNull()) {
            return 0;
        }
        try {
            return value.isIntegralNumber()
                    ? Math.multiplyExact(value.longValue(), 1_000L)
                    : OffsetDateTime.parse(value.asText()).toInstant().toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "expires_at: " + value.asText() + " (expected: 2027-01-31T12:00:00Z, or seconds since 1970)", e);
        }
    }
}

package dev.weir.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.pipeline.auth.KeySpec;
import dev.weir.server.config.Durations;
import dev.weir.server.management.KeyJson;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What may be decided about a key on the command line; what is not given is null, and stays as it is. */
final class KeyOptions {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NEVER = "never";

    @Option(names = "--owner", paramLabel = "TEXT", description = "Whose it is.")
    private @Nullable String owner;

    @Option(names = "--team", paramLabel = "TEXT", description = "Whose it is.")
    private @Nullable String team;

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            split = ",",
            description = "What it is good for: client (of a new one), management, read_only; several with commas.")
    private @Nullable List<String> scopes;

    @Option(
            names = {"--model", "--models"},
            paramLabel = "PATTERN",
            split = ",",
            description = "The models it may use, * for any characters; several with commas (a new one: all).")
    private @Nullable List<String> models;

    @Option(
            names = {"--requests-per-minute", "--rpm"},
            paramLabel = "N",
            description = "A limit of its own; 0 for none.")
    private @Nullable Long requestsPerMinute;

    @Option(
            names = {"--tokens-per-minute", "--tpm"},
            paramLabel = "N",
            description = "A limit of its own; 0 for none.")
    private @Nullable Long tokensPerMinute;

    @Option(names = "--parallel", paramLabel = "N", description = "A limit of its own: requests at once; 0 for none.")
    private @Nullable Integer parallel;

    @Option(names = "--tokens-per-day", paramLabel = "N", description = "Its budget for a day in UTC; 0 for none.")
    private @Nullable Long tokensPerDay;

    @Option(names = "--tokens-per-month", paramLabel = "N", description = "Its budget for a month in UTC; 0 for none.")
    private @Nullable Long tokensPerMonth;

    @Option(
            names = {"--expires", "--expires-in"},
            paramLabel = "WHEN",
            description = "When it ends: 2027-01-31T12:00:00Z, or from now: 90d, or never.")
    private @Nullable String expires;

    @Option(names = "--metadata", paramLabel = "JSON", description = "An object for your own use.")
    private @Nullable String metadata;

    /**
     * The new key called {@code name}, checked as it is over HTTP.
     *
     * @throws IllegalArgumentException if it makes no sense
     */
    static KeySpec spec(String name, KeyOptions options) {
        ObjectNode json = options.given().put("name", name);
        return KeyJson.merge(KeySpec.named(name.isBlank() ? "unnamed" : name), json, Set.of());
    }

    /**
     * What was given, as it is sent over HTTP.
     *
     * @throws IllegalArgumentException if it makes no sense
     */
    ObjectNode given() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        put(json, "owner", owner);
        put(json, "team", team);
        put(json, "scopes", scopes);
        put(json, "models", models);
        put(json, "limits", "requests_per_minute", requestsPerMinute);
        put(json, "limits", "tokens_per_minute", tokensPerMinute);
        put(json, "limits", "parallel", parallel);
        put(json, "budget", "tokens_per_day", tokensPerDay);
        put(json, "budget", "tokens_per_month", tokensPerMonth);
        if (metadata != null) {
            json.set("metadata", parsed(metadata));
        }
        if (expires != null) {
            json.put("expires_at", expires.equals(NEVER) ? null : instant(expires));
        }
        return json;
    }

    private static void put(ObjectNode json, String field, @Nullable Object value) {
        if (value != null) {
            json.set(field, JSON.valueToTree(value));
        }
    }

    private static void put(ObjectNode json, String object, String field, @Nullable Number value) {
        if (value != null) {
            json.withObjectProperty(object).put(field, value.longValue());
        }
    }

    private static JsonNode parsed(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("metadata: no JSON", e);
        }
    }

    private static String instant(String text) {
        try {
            return Instant.now().plus(Durations.parse(text)).toString();
        } catch (IllegalArgumentException noDuration) {
            return text;
        }
    }
}

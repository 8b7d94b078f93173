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

/** What may be decided about a new key on the command line. */
final class KeyOptions {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--owner", paramLabel = "TEXT", defaultValue = "", description = "Whose it is.")
    private String owner = "";

    @Option(names = "--team", paramLabel = "TEXT", defaultValue = "", description = "Whose it is.")
    private String team = "";

    @Option(
            names = "--scope",
            paramLabel = "SCOPE",
            split = ",",
            description = "What it is good for: client (the default), management, read_only; several with commas.")
    private List<String> scopes = List.of("client");

    @Option(
            names = "--model",
            paramLabel = "PATTERN",
            split = ",",
            description = "The models it may use, * for any characters; several with commas (default: all).")
    private List<String> models = List.of();

    @Option(names = "--requests-per-minute", paramLabel = "N", description = "A limit of its own.")
    private long requestsPerMinute;

    @Option(names = "--tokens-per-minute", paramLabel = "N", description = "A limit of its own.")
    private long tokensPerMinute;

    @Option(names = "--parallel", paramLabel = "N", description = "A limit of its own: requests at once.")
    private int parallel;

    @Option(names = "--tokens-per-day", paramLabel = "N", description = "Its budget for a day in UTC.")
    private long tokensPerDay;

    @Option(names = "--tokens-per-month", paramLabel = "N", description = "Its budget for a month in UTC.")
    private long tokensPerMonth;

    @Option(
            names = {"--expires", "--expires-in"},
            paramLabel = "WHEN",
            description = "When it ends: 2027-01-31T12:00:00Z, or from now: 90d.")
    private @Nullable String expires;

    @Option(names = "--metadata", paramLabel = "JSON", description = "An object for your own use.")
    private @Nullable String metadata;

    /**
     * What was decided, checked as it is over HTTP.
     *
     * @throws IllegalArgumentException if it makes no sense
     */
    static KeySpec spec(String name, KeyOptions options) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("name", name)
                .put("owner", options.owner)
                .put("team", options.team);
        options.scopes.forEach(json.putArray("scopes")::add);
        options.models.forEach(json.putArray("models")::add);
        json.putObject("limits")
                .put("requests_per_minute", options.requestsPerMinute)
                .put("tokens_per_minute", options.tokensPerMinute)
                .put("parallel", options.parallel);
        json.putObject("budget")
                .put("tokens_per_day", options.tokensPerDay)
                .put("tokens_per_month", options.tokensPerMonth);
        if (options.metadata != null) {
            json.set("metadata", parsed(options.metadata));
        }
        if (options.expires != null) {
            json.put("expires_at", instant(options.expires));
        }
        return KeyJson.merge(KeySpec.named(name.isBlank() ? "unnamed" : name), json, Set.of());
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

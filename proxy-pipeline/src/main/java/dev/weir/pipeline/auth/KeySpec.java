package dev.weir.pipeline.auth;

import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import java.util.List;
import java.util.Set;

/**
 * What an operator decides about a key. Immutable; validated with messages that name the field.
 *
 * @param name what people call it; need not be unique
 * @param owner whose it is, free text
 * @param team whose it is, free text
 * @param scopes what it is good for
 * @param models the models it may use; patterns, none for all
 * @param limits limits of its own
 * @param budget tokens it may use
 * @param blocked whether it is refused for now
 * @param metadata a JSON object, for the operator's own use
 * @param expiresAtMillis when it ends, in milliseconds since 1970; 0 for never
 */
public record KeySpec(
        String name,
        String owner,
        String team,
        Set<KeyScope> scopes,
        ModelPatterns models,
        Limits limits,
        KeyBudget budget,
        boolean blocked,
        String metadata,
        long expiresAtMillis) {
    private static final int MAX_NAME = 200;
    private static final int MAX_METADATA = 16 * 1024;
    private static final int MAX_MODELS = 200;

    public KeySpec {
        expectText("name", name);
        expectText("owner", owner);
        expectText("team", team);
        if (name.isBlank()) {
            throw new IllegalArgumentException("name: is empty");
        }
        if (scopes.isEmpty()) {
            throw new IllegalArgumentException("scopes: is empty (expected: client, management, read_only)");
        }
        scopes = Set.copyOf(scopes);
        if (models.patterns().size() > MAX_MODELS) {
            throw new IllegalArgumentException(
                    "models: " + models.patterns().size() + " patterns (expected: <= " + MAX_MODELS + ")");
        }
        if (metadata.length() > MAX_METADATA) {
            throw new IllegalArgumentException(
                    "metadata: " + metadata.length() + " characters (expected: <= " + MAX_METADATA + ")");
        }
        if (expiresAtMillis < 0) {
            throw new IllegalArgumentException("expires_at: before 1970");
        }
    }

    private static void expectText(String field, String text) {
        if (text.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    field + ": " + text.length() + " characters (expected: <= " + MAX_NAME + ")");
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(field + ": holds a control character");
        }
    }

    /** A client's key for all models, without limits. */
    public static KeySpec named(String name) {
        return new KeySpec(
                name,
                "",
                "",
                Set.of(KeyScope.CLIENT),
                new ModelPatterns(List.of()),
                Limits.NONE,
                KeyBudget.NONE,
                false,
                "{}",
                0);
    }
}

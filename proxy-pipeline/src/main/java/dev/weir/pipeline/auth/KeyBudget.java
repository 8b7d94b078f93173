package dev.weir.pipeline.auth;

import dev.weir.core.Key;

/**
 * How many tokens, of prompts and completions together, a key may use. 0 stands for no limit. Days and months are those of
 * UTC.
 */
public record KeyBudget(long tokensPerDay, long tokensPerMonth) {
    public static final KeyBudget NONE = new KeyBudget(0, 0);

    /** In the exchange of a request that was let on within a budget, and has to pay for what it uses. */
    public static final Key<KeyBudget> KEY = Key.of("budget");

    public KeyBudget {
        expectNotNegative("tokens_per_day", tokensPerDay);
        expectNotNegative("tokens_per_month", tokensPerMonth);
    }

    private static void expectNotNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1, or 0 for no limit)");
        }
    }

    boolean isNone() {
        return tokensPerDay == 0 && tokensPerMonth == 0;
    }
}

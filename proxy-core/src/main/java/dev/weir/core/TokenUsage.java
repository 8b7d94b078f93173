package dev.weir.core;

/**
 * The tokens of one answer, as far as they are known: written by the usage middleware while the answer passes, read by
 * limits, audit and logs. Complete when filters are told that the exchange ended. Confined to the exchange's event loop.
 */
public final class TokenUsage {
    public static final Key<TokenUsage> KEY = Key.of("token usage");

    private long promptTokens;
    private long completionTokens;
    private boolean estimated;

    /** What the backend says: replaces what was counted. */
    public void reported(long prompt, long completion) {
        promptTokens = prompt;
        completionTokens = completion;
        estimated = false;
    }

    /** What was counted of an answer whose backend says nothing, or has not said it yet. */
    public void estimated(long prompt, long completion) {
        promptTokens = prompt;
        completionTokens = completion;
        estimated = true;
    }

    public long promptTokens() {
        return promptTokens;
    }

    public long completionTokens() {
        return completionTokens;
    }

    public long totalTokens() {
        return promptTokens + completionTokens;
    }

    /** Whether Weir counted itself, for want of the backend's word. */
    public boolean isEstimated() {
        return estimated;
    }
}

package dev.weir.core;

/**
 * The tokens of one answer, as far as they are known: written by the usage middleware while the answer passes, read by
 * limits, audit and logs. Complete when filters are told that the exchange ended, wherever in the chain they stand. Confined to
 * the exchange's event loop.
 */
public final class TokenUsage {
    public static final Key<TokenUsage> KEY = Key.of("token usage");

    private final boolean wanted;
    private boolean requested;
    private long promptTokens;
    private long completionTokens;
    private long cachedTokens;
    private boolean estimated;

    /** Nothing is known yet, and no backend is asked to tell it. */
    public TokenUsage() {
        this(false);
    }

    /**
     * @param wanted whether backends that tell the usage of a stream only when asked are to be asked, also if the client did
     *     not: somebody takes the event that tells it out again
     */
    public TokenUsage(boolean wanted) {
        this.wanted = wanted;
    }

    /** Whether a backend is to be asked for what the client did not ask for. */
    public boolean isWanted() {
        return wanted;
    }

    /** A backend was asked for what the client did not ask for. */
    public void requested() {
        requested = true;
    }

    /** Whether the answer may tell what the client did not ask for. */
    public boolean wasRequested() {
        return requested;
    }

    /**
     * What the backend says: replaces what was counted.
     *
     * @param cached how many of the prompt's tokens the backend had in a cache
     */
    public void reported(long prompt, long completion, long cached) {
        promptTokens = prompt;
        completionTokens = completion;
        cachedTokens = cached;
        estimated = false;
    }

    /** See {@link #reported(long, long, long)}. */
    public void reported(long prompt, long completion) {
        reported(prompt, completion, 0);
    }

    /** What was counted of an answer whose backend says nothing, or has not said it yet. */
    public void estimated(long prompt, long completion) {
        promptTokens = prompt;
        completionTokens = completion;
        cachedTokens = 0;
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

    /** Those of the prompt's tokens that the backend says it had in a cache of its own. */
    public long cachedTokens() {
        return cachedTokens;
    }

    /** Whether Weir counted itself, for want of the backend's word. */
    public boolean isEstimated() {
        return estimated;
    }
}

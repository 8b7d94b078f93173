package dev.weir.pipeline.usage;

/**
 * A line of a report. What the report does not tell apart is empty.
 *
 * @param day in UTC, as 2026-11-21
 * @param key the key's id; {@code master} for the master key, empty for senders that are not known
 * @param keyName what people call the key
 * @param cachedTokens those of the prompts' tokens that backends had in caches of their own
 * @param estimated requests whose tokens Weir counted itself
 * @param errors requests that failed or were refused
 * @param aborted requests whose clients left before the end
 * @param cacheHits requests that Weir's cache answered, which took no tokens
 * @param cost by the prices of the configuration when the answers ended
 */
public record UsageLine(
        String day,
        String key,
        String keyName,
        String model,
        String backend,
        long requests,
        long promptTokens,
        long completionTokens,
        long cachedTokens,
        long estimated,
        long errors,
        long aborted,
        long cacheHits,
        double cost) {
    public long totalTokens() {
        return promptTokens + completionTokens;
    }
}

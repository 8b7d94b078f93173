package dev.weir.core;

/**
 * How much may be asked for. 0 stands for no limit.
 *
 * @param requestsPerMinute requests in a minute
 * @param tokensPerMinute prompt and completion tokens in a minute
 * @param parallel requests in flight at once
 */
public record Limits(long requestsPerMinute, long tokensPerMinute, int parallel) {
    public static final Limits NONE = new Limits(0, 0, 0);

    public Limits {
        expectNotNegative("requests_per_minute", requestsPerMinute);
        expectNotNegative("tokens_per_minute", tokensPerMinute);
        expectNotNegative("parallel", parallel);
    }

    private static void expectNotNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1, or 0 for no limit)");
        }
    }

    /** These limits, and where none is set those of {@code others}. */
    public Limits orElse(Limits others) {
        return new Limits(
                requestsPerMinute > 0 ? requestsPerMinute : others.requestsPerMinute,
                tokensPerMinute > 0 ? tokensPerMinute : others.tokensPerMinute,
                parallel > 0 ? parallel : others.parallel);
    }
}

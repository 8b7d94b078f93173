package dev.weir.pipeline.usage;

/** What was used under one {@link UsageKey}, added up. Guarded by whoever holds it. */
final class UsageCounts {
    private String keyName = "";
    private long requests;
    private long promptTokens;
    private long completionTokens;
    private long cachedTokens;
    private long estimated;
    private long errors;
    private long aborted;
    private long cacheHits;
    private double cost;
    private long answered;
    private long totalMillis;
    private long firstByteMillis;
    private long lastMillis;

    /** Adds one exchange. */
    void add(UsageEntry entry) {
        keyName = entry.keyName();
        requests++;
        promptTokens += entry.promptTokens();
        completionTokens += entry.completionTokens();
        cachedTokens += entry.cachedTokens();
        estimated += entry.estimated() ? 1 : 0;
        errors += entry.error() ? 1 : 0;
        aborted += entry.aborted() ? 1 : 0;
        cacheHits += entry.cacheHit() ? 1 : 0;
        cost += entry.cost();
        if (entry.isServed()) {
            answered++;
            totalMillis += entry.totalMillis();
            firstByteMillis += entry.firstByteMillis();
        }
        lastMillis = Math.max(lastMillis, entry.endMillis());
    }

    String keyName() {
        return keyName;
    }

    long requests() {
        return requests;
    }

    long promptTokens() {
        return promptTokens;
    }

    long completionTokens() {
        return completionTokens;
    }

    /** Tokens of prompts that backends had in caches of their own. */
    long cachedTokens() {
        return cachedTokens;
    }

    /** Requests whose tokens Weir counted itself. */
    long estimated() {
        return estimated;
    }

    long errors() {
        return errors;
    }

    /** Requests whose clients left before the end. */
    long aborted() {
        return aborted;
    }

    /** Requests that Weir's own cache answered. */
    long cacheHits() {
        return cacheHits;
    }

    double cost() {
        return cost;
    }

    /** Requests that a backend answered to the end; the times are theirs. */
    long answered() {
        return answered;
    }

    long totalMillis() {
        return totalMillis;
    }

    long firstByteMillis() {
        return firstByteMillis;
    }

    /** When the last exchange ended. */
    long lastMillis() {
        return lastMillis;
    }
}

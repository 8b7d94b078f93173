package dev.weir.pipeline.usage;

/**
 * What one model did, ever since it was first asked for.
 *
 * @param answered requests that a backend answered to the end; the times are theirs, added up
 */
public record ModelStatistics(
        String model,
        long requests,
        long errors,
        long promptTokens,
        long completionTokens,
        long answered,
        long totalMillis,
        long firstByteMillis,
        long lastUsedMillis) {

    static ModelStatistics of(String model, UsageCounts counts) {
        return new ModelStatistics(
                model,
                counts.requests(),
                counts.errors(),
                counts.promptTokens(),
                counts.completionTokens(),
                counts.answered(),
                counts.totalMillis(),
                counts.firstByteMillis(),
                counts.lastMillis());
    }

    ModelStatistics plus(ModelStatistics more) {
        return new ModelStatistics(
                model,
                requests + more.requests,
                errors + more.errors,
                promptTokens + more.promptTokens,
                completionTokens + more.completionTokens,
                answered + more.answered,
                totalMillis + more.totalMillis,
                firstByteMillis + more.firstByteMillis,
                Math.max(lastUsedMillis, more.lastUsedMillis));
    }

    /** From a request's first byte to the end of its answer, on average; 0 before the first. */
    public double meanMillis() {
        return answered == 0 ? 0 : (double) totalMillis / answered;
    }

    /** From a request's first byte to the head of its answer, on average; 0 before the first. */
    public double meanFirstByteMillis() {
        return answered == 0 ? 0 : (double) firstByteMillis / answered;
    }
}

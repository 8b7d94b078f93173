package dev.weir.pipeline.cache;

/**
 * What the cache holds of one kind in this process, and what it did since the process began.
 *
 * @param entries answers in memory
 * @param bytes the memory they take
 * @param hits answers that were kept
 * @param shared answers to another request that was in flight
 * @param misses answers of a backend
 * @param bypasses answers in which the cache had no part
 * @param evictions entries given up for want of room
 */
public record CacheStatistics(
        AnswerKind kind, long entries, long bytes, long hits, long shared, long misses, long bypasses, long evictions) {

    /** The part of cacheable requests that cost no backend anything, 0 to 1. */
    public double hitRate() {
        long saved = hits + shared;
        return saved == 0 ? 0 : (double) saved / (saved + misses);
    }
}

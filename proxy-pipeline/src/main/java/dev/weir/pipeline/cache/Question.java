package dev.weir.pipeline.cache;

/**
 * What a request asks, whichever way it is written.
 *
 * @param key the same for all requests that ask the same
 * @param seeded whether it has a seed, which makes answers repeatable that are otherwise left to chance
 */
record Question(CacheKey key, boolean seeded) {}

package dev.weir.pipeline.cache;

/**
 * What a request asks, whichever way it is written.
 *
 * @param key the same for all requests that ask the same
 * @param seeded whether it has a seed, which makes answers repeatable that are otherwise left to chance
 * @param includeUsage whether it asks for the usage at the end of a stream
 */
record Question(CacheKey key, boolean seeded, boolean includeUsage) {}

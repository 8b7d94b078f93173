package dev.weir.pipeline.usage;

import dev.weir.core.Default;

/**
 * {@code usage}: how tokens are counted.
 *
 * @param includeUsage whether backends are asked to tell the usage of streams whose clients do not ask; what they tell is
 *     taken out again. Without it such streams are counted by their events, and marked as estimated
 */
public record UsageSettings(@Default("true") boolean includeUsage) {}

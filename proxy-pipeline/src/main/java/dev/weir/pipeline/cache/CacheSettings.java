package dev.weir.pipeline.cache;

import dev.weir.core.ByteSize;
import dev.weir.core.Default;
import java.time.Duration;

/**
 * {@code cache}: which answers are kept, for whom, how long and where.
 *
 * @param store where: {@code auto} is Redis behind this process's memory when Redis is configured, else memory alone
 * @param embeddings for embeddings
 * @param responses for chats and completions that are deterministic
 * @param maxSize of all that this process holds in memory; Redis is bounded by its own policy
 * @param maxEntry a larger answer is not kept
 */
public record CacheSettings(
        @Default("auto") Store store,
        @Default("{}") Embeddings embeddings,
        @Default("{}") Responses responses,
        @Default("100MB") ByteSize maxSize,
        @Default("1MiB") ByteSize maxEntry) {

    private static final long MAX_ENTRY_BYTES = 64L << 20;

    public CacheSettings {
        expectBetween("max_size", maxSize, 1024, Long.MAX_VALUE);
        expectBetween("max_entry", maxEntry, 1, MAX_ENTRY_BYTES);
    }

    private static void expectBetween(String name, ByteSize value, long min, long max) {
        if (value.bytes() < min || value.bytes() > max) {
            String upper = max == Long.MAX_VALUE ? "" : " and <= " + new ByteSize(max);
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: >= " + new ByteSize(min) + upper + ")");
        }
    }

    /** What is said about answers of one kind. */
    Answers of(AnswerKind kind) {
        return kind == AnswerKind.EMBEDDINGS ? embeddings : responses;
    }

    /** Where answers are kept. */
    public enum Store {
        AUTO,
        REDIS,
        MEMORY
    }

    /** Who may be given an answer. */
    public enum Scope {
        /** Everybody who may use the model. */
        ALL,
        /** The key that asked for it first. */
        KEY
    }

    /** What is said about answers of one kind. */
    sealed interface Answers {
        boolean enabled();

        Scope scope();

        /** How long an answer is good. */
        Duration ttl();

        /** What keys in Redis begin with. */
        String prefix();
    }

    /** {@code embeddings}: see {@link Answers}. */
    public record Embeddings(
            @Default("true") boolean enabled,
            @Default("all") Scope scope,
            @Default("1h") Duration ttl,
            @Default("weir:embeddings:") String prefix)
            implements Answers {
        public Embeddings {
            check(ttl, prefix);
        }
    }

    /** {@code responses}: see {@link Answers}. */
    public record Responses(
            @Default("false") boolean enabled,
            @Default("key") Scope scope,
            @Default("30m") Duration ttl,
            @Default("weir:responses:") String prefix)
            implements Answers {
        public Responses {
            check(ttl, prefix);
        }
    }

    private static void check(Duration ttl, String prefix) {
        if (ttl.toMillis() < 1) {
            throw new IllegalArgumentException("ttl: " + ttl.toMillis() + "ms (expected: > 0s)");
        }
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException("prefix: empty (expected: what keys in Redis begin with)");
        }
    }
}

package dev.weir.pipeline.cache;

import dev.weir.core.Exchange;
import dev.weir.core.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * A call whose answers may be kept, known by its path; with what does not matter to its answer.
 *
 * <p>Two calls never share an entry, since their answers have different forms.
 */
enum CacheableCall {
    CHAT(AnswerKind.RESPONSES),
    COMPLETIONS(AnswerKind.RESPONSES),
    EMBEDDINGS(AnswerKind.EMBEDDINGS),
    OLLAMA_EMBED(AnswerKind.EMBEDDINGS),
    OLLAMA_EMBEDDINGS(AnswerKind.EMBEDDINGS);

    private final AnswerKind kind;

    CacheableCall(AnswerKind kind) {
        this.kind = kind;
    }

    AnswerKind kind() {
        return kind;
    }

    /** Whether a field of a request's top level says who asks, or in which form, but not what. */
    boolean isVolatile(String field) {
        return switch (field) {
            case "user", "safety_identifier", "metadata" -> this == CHAT || this == COMPLETIONS || this == EMBEDDINGS;
            case "stream", "stream_options" -> this == CHAT || this == COMPLETIONS;
            case "prompt_cache_key" -> this == CHAT;
            default -> false;
        };
    }

    /** The call that a request makes; null when its answer is never kept, or when nobody has read which model it is for. */
    static @Nullable CacheableCall of(Exchange exchange) {
        RequestHead request = exchange.request();
        if (exchange.route().requestReader() == null || !request.method().equals("POST")) {
            return null;
        }
        return switch (request.path()) {
            case "/v1/chat/completions", "/chat/completions" -> CHAT;
            case "/v1/completions", "/completions" -> COMPLETIONS;
            case "/v1/embeddings", "/embeddings" -> EMBEDDINGS;
            case "/api/embed" -> OLLAMA_EMBED;
            case "/api/embeddings" -> OLLAMA_EMBEDDINGS;
            default -> null;
        };
    }
}

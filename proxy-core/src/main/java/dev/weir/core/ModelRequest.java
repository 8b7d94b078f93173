package dev.weir.core;

import org.jspecify.annotations.Nullable;

/**
 * What the parts of Weir need to know of a request for a model: read once from the body's bytes.
 *
 * @param model the model asked for
 * @param modelSpan where the model's value stands in the body, quotes included; null in bodies that are not JSON
 * @param stream whether an event stream is asked for
 * @param maxCompletionTokensName where the name {@code "max_completion_tokens"} stands, quotes included; null without one
 * @param user the {@code user} field, or null
 */
public record ModelRequest(
        String model,
        @Nullable Span modelSpan,
        boolean stream,
        @Nullable Span maxCompletionTokensName,
        @Nullable String user) {
    public static final Key<ModelRequest> KEY = Key.of("model request");

    /**
     * Bytes of a body.
     *
     * @param start the first byte's offset from the body's reader index
     * @param length how many bytes
     */
    public record Span(int start, int length) {}
}

package dev.weir.core;

import org.jspecify.annotations.Nullable;

/**
 * What the parts of Weir need to know of a request for a model: read once from the body's bytes.
 *
 * @param model the model asked for
 * @param modelSpan where the model's value stands in the body; in JSON with its quotes
 * @param json whether the body is JSON; else it is multipart
 * @param stream whether an event stream is asked for
 * @param maxCompletionTokensName where the name {@code "max_completion_tokens"} stands, quotes included, if it is there and
 *     {@code max_tokens} is not; else null
 */
public record ModelRequest(
        String model,
        Span modelSpan,
        boolean json,
        boolean stream,
        @Nullable Span maxCompletionTokensName) {
    public static final Key<ModelRequest> KEY = Key.of("model request");

    /**
     * Bytes of a body.
     *
     * @param start the first byte's offset from the body's reader index
     * @param length how many bytes
     */
    public record Span(int start, int length) {
        /** The offset behind the last byte. */
        public int end() {
            return start + length;
        }
    }
}

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
 * @param streamOptions what {@code stream_options} says, or null if it is not there
 */
public record ModelRequest(
        String model,
        Span modelSpan,
        boolean json,
        boolean stream,
        @Nullable Span maxCompletionTokensName,
        @Nullable StreamOptions streamOptions) {
    public static final Key<ModelRequest> KEY = Key.of("model request");

    /** A request without {@code stream_options}. */
    public ModelRequest(
            String model, Span modelSpan, boolean json, boolean stream, @Nullable Span maxCompletionTokensName) {
        this(model, modelSpan, json, stream, maxCompletionTokensName, null);
    }

    /** Whether the client itself asks for the usage at the end of the stream. */
    public boolean asksForUsage() {
        return streamOptions != null && streamOptions.includeUsage == IncludeUsage.ON;
    }

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

    /**
     * OpenAI's {@code stream_options}.
     *
     * @param span what to replace so that usage is told
     */
    public record StreamOptions(IncludeUsage includeUsage, Span span) {}

    /** What {@code stream_options} says of {@code include_usage}. */
    public enum IncludeUsage {
        /** True: the client wants the usage. */
        ON,
        /** False or null, where the span is. */
        OFF,
        /** Nothing; the span is the empty one before the first of the other options. */
        UNSAID,
        /** Nothing, nor anything else; the span is the empty one between the braces. */
        EMPTY,
        /** The options themselves are null, where the span is. */
        NULL,
        /** What no backend understands; to be left as it is. */
        UNKNOWN
    }
}

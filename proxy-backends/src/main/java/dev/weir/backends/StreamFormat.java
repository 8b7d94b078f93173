package dev.weir.backends;

import org.jspecify.annotations.Nullable;

/**
 * What a stream of answers consists of, by the route's path: how it tells its end, an error, its first token.
 */
enum StreamFormat {
    /** OpenAI's chat and text completions: {@code data: {…}} events, the last {@code data: [DONE]}. */
    COMPLETIONS("_reason\":\"", null),
    /** Anthropic's messages: named events. Its message_delta with a stop_reason is the end of the text. */
    MESSAGES("_reason\":\"", "_delta\""),
    /** OpenAI's responses: named events, {@code response.completed} and the like at the end. */
    RESPONSES(null, ".delta\""),
    /** Ollama's own: a JSON object a line, the last with {@code "done": true}. */
    LINES("done\":true", null),
    /** Any other event stream, of which only the boundaries are known. */
    OTHER(null, null);

    /** Behind this, in any line, the answer is complete; blanks after a colon aside. Its first byte is not in it twice. */
    private final @Nullable String finish;

    /** What the data of an event with text holds; null where that is not said by a name. */
    private final @Nullable String token;

    StreamFormat(@Nullable String finish, @Nullable String token) {
        this.finish = finish;
        this.token = token;
    }

    @Nullable
    String finish() {
        return finish;
    }

    @Nullable
    String token() {
        return token;
    }

    /** Whether comments may be put between its elements. */
    boolean hasComments() {
        return this != LINES && this != OTHER;
    }

    /** The format of what a backend answers at {@code path}, which may lack {@code /v1}. */
    static StreamFormat of(String path) {
        if (path.endsWith("/completions")) {
            return COMPLETIONS;
        }
        if (path.endsWith("/messages")) {
            return MESSAGES;
        }
        if (path.endsWith("/responses")) {
            return RESPONSES;
        }
        return path.equals("/api/chat") || path.equals("/api/generate") ? LINES : OTHER;
    }
}

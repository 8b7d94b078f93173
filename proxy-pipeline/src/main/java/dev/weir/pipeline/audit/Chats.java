package dev.weir.pipeline.audit;

/** Tells requests of conversations by their path, in every dialect and for agents. */
final class Chats {
    private Chats() {}

    static boolean isChat(String path) {
        return path.endsWith("/completions")
                || path.endsWith("/messages")
                || path.endsWith("/responses")
                || path.endsWith("/agents/stream")
                || path.equals("/api/chat")
                || path.equals("/api/generate");
    }
}

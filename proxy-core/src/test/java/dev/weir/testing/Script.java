package dev.weir.testing;

/** What a {@link FakeBackend} does with one request; runs on the thread of its connection. */
@FunctionalInterface
public interface Script {
    /** The start of an answer of 1000 bytes, of which only these come. */
    String TRUNCATED =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"id\": \"cut";

    /** Answers, misbehaves, or returns without a word, which leaves the connection waiting for the next request. */
    void run(ReceivedRequest request, BackendPeer peer) throws Exception;

    /** 200 with that JSON. */
    static Script ok(String json) {
        return (request, peer) -> peer.json(json);
    }

    /** That status with an OpenAI error object. */
    static Script status(int status) {
        return (request, peer) -> peer.respond(
                status,
                "{\"error\": {\"message\": \"status " + status + "\", \"type\": \"server_error\"}}",
                "content-type: application/json");
    }

    /** A chat stream in OpenAI's form: that many content events, then {@code [DONE]}. */
    static Script sseChat(int events) {
        return (request, peer) -> {
            peer.startSse();
            for (int i = 0; i < events; i++) {
                peer.sse(chatEvent("word" + i + " "));
            }
            peer.endSse();
        };
    }

    /** One event of a chat stream in OpenAI's form; the content must need no JSON escapes. */
    static String chatEvent(String content) {
        return "{\"id\": \"chatcmpl-1\", \"object\": \"chat.completion.chunk\", \"created\": 1, \"model\": \"m\", "
                + "\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"" + content
                + "\"}, \"finish_reason\": null}]}";
    }

    /** An RST instead of an answer. */
    static Script resetBeforeHead() {
        return (request, peer) -> peer.reset();
    }

    /** A FIN instead of an answer: what a stale keep-alive connection looks like. */
    static Script closeBeforeHead() {
        return (request, peer) -> peer.close();
    }

    /** A FIN in the middle of a body with a content-length. */
    static Script closeMidBody() {
        return (request, peer) -> {
            peer.sendRaw(TRUNCATED);
            peer.close();
        };
    }

    /** An RST in the middle of a body with a content-length. */
    static Script resetMidBody() {
        return (request, peer) -> {
            peer.sendRaw(TRUNCATED);
            peer.reset();
        };
    }

    /** Two events of a stream, then a FIN without the last chunk. */
    static Script closeMidStream() {
        return (request, peer) -> {
            peer.startSse();
            peer.sse(chatEvent("one "), chatEvent("two "));
            peer.close();
        };
    }

    /** Two events of a stream, then an RST. */
    static Script resetMidStream() {
        return (request, peer) -> {
            peer.startSse();
            peer.sse(chatEvent("one "), chatEvent("two "));
            peer.reset();
        };
    }

    /** Silence until the other side leaves. */
    static Script neverAnswers() {
        return (request, peer) -> peer.stall();
    }

    /** Bytes that are not HTTP, then silence. */
    static Script garbage() {
        return (request, peer) -> {
            peer.sendRaw("\u0016\u0003\u0001 this is not HTTP\r\n\r\n");
            peer.stall();
        };
    }
}

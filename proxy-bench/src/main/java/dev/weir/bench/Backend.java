package dev.weir.bench;

import java.io.IOException;

/** The backend of cells without streams: an nginx with one answer. */
final class Backend {
    /** A chat's answer of some 330 bytes. */
    static final String CHAT_ANSWER = """
            {"id":"chatcmpl-1","object":"chat.completion","created":1795237899,"model":"upstream-model","choices":[{"index":0,\
            "message":{"role":"assistant","content":"It helps to look at the sky one step at a time. The same principle appears \
            in many other places once you begin to look for it."},"finish_reason":"stop"}],"usage":{"prompt_tokens":60,\
            "completion_tokens":28,"total_tokens":88}}""";

    private Backend() {}

    /** Starts one, and returns its port. */
    static int chats(CellRun run) throws IOException {
        int port = Ports.next();
        run.peers().backend(new NginxConf(run.workbench().directory("backend")).canned(port, CHAT_ANSWER), port);
        return port;
    }
}

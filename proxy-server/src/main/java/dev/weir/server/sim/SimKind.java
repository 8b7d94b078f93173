package dev.weir.server.sim;

/** Which server is simulated. */
public enum SimKind {
    /** Ollama: its native {@code /api} and its own {@code /v1} with that API's differences from OpenAI. */
    OLLAMA("text/event-stream"),
    /** An OpenAI-compatible server: {@code /v1} only. */
    OPENAI("text/event-stream; charset=utf-8");

    private final String eventStreamType;

    SimKind(String eventStreamType) {
        this.eventStreamType = eventStreamType;
    }

    /** The content type it gives server-sent events. */
    String eventStreamType() {
        return eventStreamType;
    }
}

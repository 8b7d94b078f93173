package dev.weir.server.sim;

/** Which server is simulated. */
public enum SimKind {
    /** Ollama: its native {@code /api} and its own {@code /v1} with that API's differences from OpenAI. */
    OLLAMA,
    /** An OpenAI-compatible server: {@code /v1} only. */
    OPENAI
}

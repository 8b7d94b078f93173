package dev.weir.core;

/**
 * Lets an endpoint turn {@code "input"} into {@code "prompt"} for an exchange, where the backend's own endpoint takes that:
 * set by the transform middleware, heeded by the endpoint for embeddings.
 */
public enum InputToPrompt {
    ALLOWED;

    public static final Key<InputToPrompt> KEY = Key.of("input to prompt");
}

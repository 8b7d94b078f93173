package dev.weir.backends;

import dev.weir.core.Key;
import dev.weir.core.ModelRequest.Span;
import java.util.function.Predicate;

/**
 * Where a body asks for an embedding with {@code "prompt"} at an endpoint of OpenAI's API, which mostly takes {@code "input"}.
 *
 * @param span the name, quotes included
 * @param isTakenBy whether a backend, by its name, takes {@code "prompt"} there
 */
public record PromptName(Span span, Predicate<String> isTakenBy) {
    public static final Key<PromptName> KEY = Key.of("prompt name");
}

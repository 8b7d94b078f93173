package dev.weir.pipeline.usage;

import dev.weir.core.Meters;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts tokens for those who watch, by model and backend. Any thread. */
final class TokenMeters {
    private final Meters.Counter tokens;
    private final Map<Served, Pair> pairs = new ConcurrentHashMap<>();

    /** Names of the configuration, or found on backends. */
    private record Served(String model, String backend) {}

    private record Pair(Meters.Counter prompt, Meters.Counter completion) {}

    TokenMeters(Meters meters) {
        tokens = meters.counter("weir_tokens", "Tokens of prompts and of completions.", "model", "backend", "kind");
    }

    void add(UsageEntry entry) {
        if (entry.promptTokens() + entry.completionTokens() > 0) {
            Pair pair = pairs.computeIfAbsent(new Served(entry.model(), entry.backend()), this::pair);
            pair.prompt.add((double) entry.promptTokens());
            pair.completion.add((double) entry.completionTokens());
        }
    }

    private Pair pair(Served served) {
        return new Pair(
                tokens.labels(served.model, served.backend, "prompt"),
                tokens.labels(served.model, served.backend, "completion"));
    }
}

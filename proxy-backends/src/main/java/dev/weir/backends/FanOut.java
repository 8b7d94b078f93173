package dev.weir.backends;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Asks several backends the same and brings together what they answer. Runs on one event loop. */
final class FanOut {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<Backend, JsonNode> answers = new LinkedHashMap<>();
    private final Consumer<Map<Backend, JsonNode>> onAnswers;
    private int left;

    private FanOut(int asked, Consumer<Map<Backend, JsonNode>> onAnswers) {
        this.left = asked;
        this.onAnswers = onAnswers;
    }

    /**
     * Sends {@code GET path} to every backend of {@code backends} that is an Ollama and fit, and tells {@code onAnswers} the
     * JSON of those that answered in the time of a health check.
     */
    static void get(
            Collection<Backend> backends,
            EventLoop eventLoop,
            String path,
            Consumer<Map<Backend, JsonNode>> onAnswers) {
        Backend[] asked = backends.stream()
                .filter(backend -> backend.spec().kind() == BackendSpec.Kind.OLLAMA && backend.isEligible())
                .toArray(Backend[]::new);
        if (asked.length == 0) {
            onAnswers.accept(Map.of());
            return;
        }
        FanOut fanOut = new FanOut(asked.length, onAnswers);
        for (Backend backend : asked) {
            BackendProbe.get(
                    backend,
                    eventLoop,
                    path,
                    backend.spec().health().timeoutMillis(),
                    result -> fanOut.answered(backend, result));
        }
    }

    private void answered(Backend backend, BackendProbe.Result result) {
        if (result.status() == 200) {
            try {
                answers.put(backend, JSON.readTree(result.body()));
            } catch (IOException e) {
                // Another backend may say it better.
                answers.remove(backend);
            }
        }
        if (--left == 0) {
            onAnswers.accept(answers);
        }
    }
}

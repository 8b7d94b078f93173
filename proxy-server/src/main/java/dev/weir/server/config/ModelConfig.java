package dev.weir.server.config;

import dev.weir.core.Default;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of {@code models}: a name clients ask for, and who serves it.
 *
 * @param fallbacks models tried in order when no target can serve
 * @param priority in the queue, 0 to 9, higher first
 * @param metadata told to clients that list the models
 */
public record ModelConfig(
        List<Target> targets,
        @Default("[]") List<String> fallbacks,
        @Default("{}") ModelPolicy policy,
        @Nullable Prices prices,
        @Default("none") Affinity affinity,
        @Default("warm") Balance balance,
        @Default("0") int priority,
        @Default("{}") ModelParameters parameters,
        @Default("{}") Limits limits,
        @Default("{}") Map<String, Object> metadata) {

    public ModelConfig {
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("targets: is empty");
        }
        Expect.between("priority", priority, 0, 9);
    }

    /** A backend that serves the model, under the name the backend knows. */
    public record Target(
            String backend, String model, @Default("1") int weight) {
        public Target {
            Expect.notBlank("model", model);
            Expect.atLeast("weight", weight, 1);
        }
    }

    /** Whether a backend that has the model loaded goes first, or weights alone decide. */
    public enum Balance {
        WARM,
        WEIGHT
    }

    /** Per million tokens. */
    public record Prices(
            @Default("0") double prompt, @Default("0") double completion) {
        public Prices {
            if (prompt < 0 || completion < 0) {
                throw new IllegalArgumentException((prompt < 0 ? "prompt" : "completion") + ": is negative");
            }
        }
    }

    /** What all clients of the model together may ask for; null = no limit. */
    public record Limits(
            @Nullable Long requestsPerMinute,
            @Nullable Long tokensPerMinute,
            @Nullable Integer parallel) {

        public Limits {
            if (requestsPerMinute != null) {
                Expect.atLeast("requests_per_minute", requestsPerMinute, 1);
            }
            if (tokensPerMinute != null) {
                Expect.atLeast("tokens_per_minute", tokensPerMinute, 1);
            }
            if (parallel != null) {
                Expect.atLeast("parallel", parallel, 1);
            }
        }
    }
}

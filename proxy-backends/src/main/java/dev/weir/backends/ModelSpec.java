package dev.weir.backends;

import java.util.List;
import java.util.Map;

/**
 * A configured model.
 *
 * @param name what clients ask for
 * @param targets who serves it
 * @param fallbacks models that stand in, in order
 * @param metadata told to clients that list the models: values as JSON has them
 * @param balancing how requests are spread over the targets
 * @param policy how targets of Ollama load the model
 */
public record ModelSpec(
        String name,
        List<TargetSpec> targets,
        List<String> fallbacks,
        Map<String, Object> metadata,
        Balancing balancing,
        OllamaPolicy policy) {
    /**
     * A model on a backend, by names.
     *
     * @param weight multiplies the backend's weight, at least 1
     */
    public record TargetSpec(String backend, String model, int weight) {}

    /** A model without a policy, balanced as models are by default. */
    public ModelSpec(String name, List<TargetSpec> targets, List<String> fallbacks, Map<String, Object> metadata) {
        this(name, targets, fallbacks, metadata, Balancing.DEFAULT, OllamaPolicy.NONE);
    }

    public ModelSpec {
        targets = List.copyOf(targets);
        fallbacks = List.copyOf(fallbacks);
        metadata = Map.copyOf(metadata);
    }
}

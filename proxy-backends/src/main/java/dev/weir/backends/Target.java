package dev.weir.backends;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A model on a backend, one of those that serve a configured model. Immutable; any thread. */
public final class Target {
    private final Backend backend;
    private final String model;
    private final byte[] quotedModel;
    private final int weight;
    private final HostedModel hosted;
    private final OllamaPolicy policy;

    /**
     * @param model the backend's own name of the model
     * @param weight multiplies the backend's weight, at least 1
     */
    public Target(Backend backend, String model, int weight) {
        this(backend, model, weight, OllamaPolicy.NONE);
    }

    /**
     * @param model the backend's own name of the model
     * @param weight multiplies the backend's weight, at least 1
     * @param policy what Weir decides about how the model is loaded
     */
    public Target(Backend backend, String model, int weight, OllamaPolicy policy) {
        if (weight < 1) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 1)");
        }
        this.backend = backend;
        this.model = model;
        this.quotedModel = BodyEdits.jsonString(model);
        this.weight = weight;
        // What is relayed as it is names no model.
        this.hosted = model.isEmpty() ? new HostedModel(model, 0, false) : backend.hosted(model);
        this.policy = policy;
    }

    public Backend backend() {
        return backend;
    }

    /** The backend's own name of the model. */
    public String model() {
        return model;
    }

    /** {@link #model} as a JSON string, in its quotes; nobody changes it. */
    byte[] quotedModel() {
        return quotedModel;
    }

    /** Multiplies the backend's weight. */
    public int weight() {
        return weight;
    }

    /** What is known of the model there. */
    public HostedModel hosted() {
        return hosted;
    }

    /** What Weir decides about how the model is loaded there. */
    public OllamaPolicy policy() {
        return policy;
    }

    /** Its share of the load in force now, in thousandths of a weight. */
    long effectiveWeight() {
        return (long) weight * backend.weight() * backend.availability().share();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Target that
                && backend.equals(that.backend)
                && model.equals(that.model)
                && weight == that.weight
                && policy.equals(that.policy);
    }

    @Override
    public int hashCode() {
        return Objects.hash(backend, model, weight);
    }

    @Override
    public String toString() {
        return model + "@" + backend.name();
    }
}

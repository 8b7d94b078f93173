package dev.weir.backends;

/**
 * A model on a backend, one of those that serve a configured model.
 *
 * @param model the backend's own name of the model
 * @param weight multiplies the backend's weight, at least 1
 */
public record Target(Backend backend, String model, int weight) {
    public Target {
        if (weight < 1) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 1)");
        }
    }

    /** Its share of the load in force now, in thousandths of a weight. */
    long effectiveWeight() {
        return (long) weight * backend.weight() * backend.availability().share();
    }
}

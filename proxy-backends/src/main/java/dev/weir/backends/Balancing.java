package dev.weir.backends;

/**
 * How a model's requests are spread over its targets.
 *
 * @param balance whether targets that have the model loaded go first
 * @param affinity what keeps requests on one target
 * @param priority 0 to 9; who waits with a higher one goes first where models compete for a backend
 */
public record Balancing(Balance balance, Affinity affinity, int priority) {
    /** Loaded first, no affinity, the lowest priority. */
    public static final Balancing DEFAULT = new Balancing(Balance.WARM, Affinity.NONE, 0);

    /** Whether targets that have the model loaded go first. */
    public enum Balance {
        /** They do, among those that offer the same upstream model. */
        WARM,
        /** Weights and load alone decide. */
        WEIGHT
    }

    public Balancing {
        if (priority < 0 || priority > 9) {
            throw new IllegalArgumentException("priority: " + priority + " (expected: 0 to 9)");
        }
    }
}

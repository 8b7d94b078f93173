package dev.weir.core;

/** What the configuration in force says about models. Any thread; answers from memory. */
@FunctionalInterface
public interface ModelProfiles {
    /** What is said about {@code model}; {@link ModelProfile#unwritten} for one that the configuration does not name. */
    ModelProfile of(String model);

    /** Whether any model has limits: if not, a request's model need not be known to look at limits. */
    default boolean anyLimits() {
        return true;
    }
}

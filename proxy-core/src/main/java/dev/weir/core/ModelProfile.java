package dev.weir.core;

import java.util.Map;
import java.util.Set;

/**
 * What the configuration says about a model, for middlewares.
 *
 * @param name what clients ask for
 * @param limits what all clients of the model together may ask for
 * @param promptPrice for a million tokens
 * @param completionPrice for a million tokens
 * @param defaults parameters for a request that lacks them: values as JSON has them
 * @param caps the greatest values of parameters
 * @param drops parameters that are taken out
 */
public record ModelProfile(
        String name,
        Limits limits,
        double promptPrice,
        double completionPrice,
        Map<String, Object> defaults,
        Map<String, Double> caps,
        Set<String> drops) {

    public ModelProfile {
        defaults = Map.copyOf(defaults);
        caps = Map.copyOf(caps);
        drops = Set.copyOf(drops);
    }

    /** The profile of a model about which nothing is said. */
    public static ModelProfile unwritten(String name) {
        return new ModelProfile(name, Limits.NONE, 0, 0, Map.of(), Map.of(), Set.of());
    }
}

package dev.weir.server.config;

import dev.weir.core.Default;
import java.util.List;
import java.util.Map;

/**
 * {@code parameters} of a model: what is added to a request that lacks it, the greatest values a request may hold, and what
 * is taken out. Values of {@code default_} are text, numbers, booleans, immutable maps and lists.
 */
@SuppressWarnings("MemberName")
public record ModelParameters(
        @Default("{}") Map<String, Object> default_,
        @Default("{}") Map<String, Double> max,
        @Default("[]") List<String> drop) {

    public ModelParameters {
        default_.forEach((name, value) -> {
            Double most = max.get(name);
            if (most != null && value instanceof Number number && number.doubleValue() > most) {
                throw new IllegalArgumentException("default: " + name + " is greater than its max");
            }
        });
        for (String name : drop) {
            if (default_.containsKey(name) || max.containsKey(name)) {
                throw new IllegalArgumentException("drop: " + name + " has a default or a max as well");
            }
        }
    }
}

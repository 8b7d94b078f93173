package dev.weir.bench;

import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What Weir is to reach.
 *
 * @param what a ratio, or a figure with its unit
 * @param must the bound that has to be kept
 * @param aim the bound that is worked towards
 * @param lowerIsBetter whether the figure is to stay below the bounds, or above them
 * @param figure finds it, if it was measured
 */
record Goal(String what, double must, double aim, boolean lowerIsBetter, Function<Results, OptionalDouble> figure) {
    /** How a figure stands to the goal. */
    enum Standing {
        NOT_MEASURED("not measured"),
        MISSED("missed"),
        KEPT("kept"),
        REACHED("aim reached");

        private final String words;

        Standing(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    Standing standing(Results results) {
        OptionalDouble value = figure.apply(results);
        if (value.isEmpty()) {
            return Standing.NOT_MEASURED;
        }
        if (isWithin(value.getAsDouble(), aim)) {
            return Standing.REACHED;
        }
        return isWithin(value.getAsDouble(), must) ? Standing.KEPT : Standing.MISSED;
    }

    private boolean isWithin(double value, double bound) {
        return lowerIsBetter ? value <= bound : value >= bound;
    }
}

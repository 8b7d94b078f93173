package dev.weir.bench;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What Weir is to reach.
 *
 * @param what a ratio, or a figure with its unit
 * @param must the bound that has to be kept
 * @param aim the bound that is worked towards
 * @param lowerIsBetter whether the figure is to stay below the bounds, or above them
 * @param rounds finds it for each round, if it was measured
 */
record Goal(String what, double must, double aim, boolean lowerIsBetter, Function<Results, List<Double>> rounds) {
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

    /** The median of what the rounds found. */
    OptionalDouble figure(Results results) {
        List<Double> found = rounds.apply(results);
        return found.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Figure.median(found));
    }

    Standing standing(Results results) {
        OptionalDouble value = figure(results);
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

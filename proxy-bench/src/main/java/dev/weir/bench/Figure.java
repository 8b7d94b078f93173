package dev.weir.bench;

import java.util.Arrays;
import java.util.List;

/**
 * What was measured of one peer at one point of a cell, once each round.
 *
 * @param point what was varied, such as a number of connections; empty if nothing was
 * @param quantity what was measured, with its unit
 */
record Figure(String cell, String point, String quantity, String peer, List<Double> values) {
    Figure {
        values = List.copyOf(values);
        if (values.isEmpty()) {
            throw new IllegalArgumentException("values: none (expected: one for each round)");
        }
    }

    double median() {
        return median(values);
    }

    static double median(List<Double> values) {
        double[] sorted = sorted(values);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double lowest() {
        return sorted(values)[0];
    }

    double highest() {
        return sorted(values)[values.size() - 1];
    }

    private static double[] sorted(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }
}

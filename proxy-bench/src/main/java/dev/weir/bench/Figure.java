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
        double[] sorted = sorted();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double lowest() {
        return sorted()[0];
    }

    double highest() {
        return sorted()[values.size() - 1];
    }

    private double[] sorted() {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }
}

package dev.weir.bench;

import java.io.IOException;
import java.util.List;

/**
 * What Weir says of itself.
 *
 * @param text in the format of Prometheus
 */
record Metrics(String text) {
    static Metrics of(Peer weir) throws IOException {
        return new Metrics(Probe.answered(weir, Request.get("/metrics")).body());
    }

    /** The value of {@code name}, those of all labels together; 0 if it has none yet. */
    double sum(String name) {
        return sum(name, "");
    }

    /** As {@link #sum(String)}, of the lines in which {@code label} stands. */
    double sum(String name, String label) {
        List<String> lines = text.lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .filter(line -> line.contains(label))
                .toList();
        return lines.stream()
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}

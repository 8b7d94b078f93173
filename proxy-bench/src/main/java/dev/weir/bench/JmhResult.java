package dev.weir.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What JMH found of one benchmark.
 *
 * @param benchmark its full name
 * @param parameters their values, in the order of their names
 * @param nanos for one call, of each iteration
 * @param bytes of heap for one call, of each iteration, in whole bytes
 */
record JmhResult(String benchmark, List<Long> parameters, List<Double> nanos, List<Double> bytes) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ALLOCATION = "gc.alloc.rate.norm";

    JmhResult {
        parameters = List.copyOf(parameters);
        nanos = List.copyOf(nanos);
        bytes = List.copyOf(bytes);
    }

    /** From what {@code -rf json} writes. */
    static List<JmhResult> all(String json) throws JsonProcessingException {
        List<JmhResult> results = new ArrayList<>();
        for (JsonNode each : JSON.readTree(json)) {
            List<Long> parameters = new ArrayList<>();
            each.path("params").forEach(value -> parameters.add(Long.valueOf(value.asText())));
            results.add(new JmhResult(
                    each.path("benchmark").asText(),
                    parameters,
                    iterations(each.path("primaryMetric")),
                    iterations(each.path("secondaryMetrics").path(ALLOCATION)).stream()
                            .map(Math::rint)
                            .toList()));
        }
        return results;
    }

    /** Of all forks. */
    private static List<Double> iterations(JsonNode metric) {
        List<Double> values = new ArrayList<>();
        metric.path("rawData").forEach(fork -> fork.forEach(value -> values.add(value.asDouble())));
        return values;
    }

    /** {@code title} with the parameters in their places. */
    String titled(String title) {
        return String.format(Locale.ROOT, title, parameters.toArray());
    }
}

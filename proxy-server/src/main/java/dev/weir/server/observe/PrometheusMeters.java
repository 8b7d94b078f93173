package dev.weir.server.observe;

import dev.weir.core.Meters;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.GaugeMetricFamily;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;

/** The meters of middlewares, in the gateway's registry. Any thread. */
final class PrometheusMeters implements Meters {
    private final CollectorRegistry registry;
    private final Map<String, Meters.Counter> counters = new ConcurrentHashMap<>();
    private final Map<String, Meters.Histogram> histograms = new ConcurrentHashMap<>();
    private final Map<String, ReadGauge> gauges = new ConcurrentHashMap<>();

    PrometheusMeters(CollectorRegistry registry) {
        this.registry = registry;
    }

    @Override
    public Meters.Counter counter(String name, String help, String... labelNames) {
        return counters.computeIfAbsent(
                name,
                key -> counterOf(io.prometheus.client.Counter.build(name, help)
                        .labelNames(labelNames)
                        .register(registry)));
    }

    private static Meters.Counter counterOf(io.prometheus.client.Counter counter) {
        return new Meters.Counter() {
            @Override
            public Meters.Counter labels(String... values) {
                return childOf(counter.labels(values));
            }

            @Override
            public void add(double amount) {
                counter.inc(amount);
            }
        };
    }

    private static Meters.Counter childOf(io.prometheus.client.Counter.Child child) {
        return new Meters.Counter() {
            @Override
            public Meters.Counter labels(String... values) {
                throw new IllegalStateException("has its labels already");
            }

            @Override
            public void add(double amount) {
                child.inc(amount);
            }
        };
    }

    @Override
    public Meters.Histogram histogram(String name, String help, double[] bounds, String... labelNames) {
        return histograms.computeIfAbsent(
                name,
                key -> histogramOf(io.prometheus.client.Histogram.build(name, help)
                        .labelNames(labelNames)
                        .buckets(bounds)
                        .register(registry)));
    }

    private static Meters.Histogram histogramOf(io.prometheus.client.Histogram histogram) {
        return new Meters.Histogram() {
            @Override
            public Meters.Histogram labels(String... values) {
                return childOf(histogram.labels(values));
            }

            @Override
            public void observe(double value) {
                histogram.observe(value);
            }
        };
    }

    private static Meters.Histogram childOf(io.prometheus.client.Histogram.Child child) {
        return new Meters.Histogram() {
            @Override
            public Meters.Histogram labels(String... values) {
                throw new IllegalStateException("has its labels already");
            }

            @Override
            public void observe(double value) {
                child.observe(value);
            }
        };
    }

    @Override
    public void gauge(String name, String help, DoubleSupplier value) {
        gauges.computeIfAbsent(name, key -> new ReadGauge(name, help, value).register(registry)).value = value;
    }

    /** A gauge that asks for its value when it is read. */
    private static final class ReadGauge extends Collector {
        private final String name;
        private final String help;
        private volatile DoubleSupplier value;

        ReadGauge(String name, String help, DoubleSupplier value) {
            this.name = name;
            this.help = help;
            this.value = value;
        }

        @Override
        public List<MetricFamilySamples> collect() {
            return List.of(new GaugeMetricFamily(name, help, value.getAsDouble()));
        }
    }
}

package dev.weir.pipeline;

import dev.weir.core.Meters;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.function.DoubleSupplier;

/** Meters that a test can read: a counter under its name and label values with spaces between. Any thread. */
public final class TestMeters implements Meters {
    private final Map<String, DoubleAdder> counts = new ConcurrentHashMap<>();
    private final Map<String, DoubleSupplier> gauges = new ConcurrentHashMap<>();

    @Override
    public Counter counter(String name, String help, String... labelNames) {
        return new Counter() {
            @Override
            public Counter labels(String... values) {
                return counter(name + " " + String.join(" ", values), help);
            }

            @Override
            public void add(double amount) {
                counts.computeIfAbsent(name, key -> new DoubleAdder()).add(amount);
            }
        };
    }

    @Override
    public void gauge(String name, String help, DoubleSupplier value) {
        gauges.put(name, value);
    }

    @Override
    public Histogram histogram(String name, String help, double[] bounds, String... labelNames) {
        return new Histogram() {
            @Override
            public Histogram labels(String... values) {
                return this;
            }

            @Override
            public void observe(double value) {
                counts.computeIfAbsent(name, key -> new DoubleAdder()).add(value);
            }
        };
    }

    public double count(String name) {
        DoubleAdder count = counts.get(name);
        return count == null ? 0 : count.sum();
    }

    public double gauge(String name) {
        DoubleSupplier gauge = gauges.get(name);
        return gauge == null ? Double.NaN : gauge.getAsDouble();
    }
}

package dev.weir.pipeline.limit;

import dev.weir.core.Limits;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One request's part of a key's limits taken, and settled when it is over. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LimiterBenchmark {
    private static final long TOKENS = 88;
    private static final long MINUTE_MICROS = 60_000_000;

    private final MemoryLimits limits = new MemoryLimits(() -> System.nanoTime() / 1_000);
    private final Demand demand = new Demand(
            List.of(new Subject(Subject.Kind.KEY, "key_1", new Limits(1_000_000_000, 0, 300))), TOKENS, MINUTE_MICROS);

    @Benchmark
    public Decision takeAndSettle() {
        Decision decision = limits.take(demand);
        if (!(decision instanceof Decision.Granted granted)) {
            throw new IllegalStateException("refused");
        }
        granted.grant().settle(TOKENS);
        return decision;
    }
}

package dev.weir.backends;

import dev.weir.core.Transport;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The least loaded of many targets, all idle: the worst case, in which each is looked at and all are tied. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BalancerBenchmark {
    /** Targets of the model. */
    @Param({"3", "30", "200"})
    public int targets;

    private final Asker asker = new Asker("key", Asker.NO_AFFINITY);
    private final List<Target> all = new ArrayList<>();

    /** JMH sets {@link #targets} before. */
    @Setup
    public void make() throws SSLException {
        for (int i = 0; i < targets; i++) {
            all.add(new Target(backend("b" + i), "m", 1));
        }
    }

    private static Backend backend(String name) throws SSLException {
        BackendSpec spec = new BackendSpec(
                name,
                URI.create("http://127.0.0.1:1"),
                BackendSpec.Kind.OPENAI,
                1,
                64,
                null,
                Map.of(),
                BackendSpec.Timeouts.DEFAULT,
                BackendSpec.Pool.DEFAULT,
                BackendSpec.Health.DEFAULT,
                BackendSpec.Eject.DEFAULT,
                null,
                0);
        return new Backend(spec, new Connector(Transport.NIO, spec));
    }

    @Benchmark
    public @Nullable Target pick() {
        return LeastConnections.best(all, asker, LeastConnections.Tier.ANY, 0);
    }
}

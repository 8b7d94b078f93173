package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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

/** One event of a stream, looked at for its end and for errors. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StreamScanBenchmark {
    private final StreamScan scan = new StreamScan(StreamFormat.COMPLETIONS);
    private final ByteBuf event = Unpooled.directBuffer().writeBytes("""
            data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795237899,"model":"upstream-model",\
            "choices":[{"index":0,"delta":{"content":" sky"},"finish_reason":null}]}

            """.getBytes(UTF_8));

    @Benchmark
    public int scanEvent() {
        return scan.scan(event, false);
    }
}

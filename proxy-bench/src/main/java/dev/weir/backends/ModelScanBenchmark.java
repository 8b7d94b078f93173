package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
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

/** A request's body: the model found, and another put in its place. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ModelScanBenchmark {
    private static final String SENTENCE = "Why is the sky blue on a clear day? ";
    private static final byte[] OTHER_MODEL = BodyEdits.jsonString("upstream-model");

    /** About how long the body is. */
    @Param({"430", "16384", "1048576"})
    public int bytes;

    private final ByteBuf body = Unpooled.directBuffer();
    private final ByteBuf target = Unpooled.directBuffer();

    /** JMH sets {@link #bytes} before. */
    @Setup
    public void write() {
        String text = SENTENCE.repeat(bytes / SENTENCE.length());
        body.writeBytes(("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text
                        + "\"}],\"temperature\":0.7,\"max_tokens\":200,\"stream\":true}")
                .getBytes(UTF_8));
    }

    @Benchmark
    public ModelRequest scan() throws GatewayException {
        return JsonModelScan.scan(body);
    }

    @Benchmark
    public int scanAndSplice() throws GatewayException {
        ModelRequest request = JsonModelScan.scan(body);
        new BodyEdits(body).replace(request.modelSpan(), OTHER_MODEL).writeTo(target.clear());
        return target.readableBytes();
    }
}

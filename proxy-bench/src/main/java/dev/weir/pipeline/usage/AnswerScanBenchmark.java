package dev.weir.pipeline.usage;

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

/** What an answer tells of its tokens: one event of a stream, and a whole answer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AnswerScanBenchmark {
    private final AnswerScan stream = new AnswerScan();
    private final ByteBuf event = Unpooled.directBuffer().writeBytes("""
            data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795237899,"model":"upstream-model",\
            "choices":[{"index":0,"delta":{"content":" sky"},"finish_reason":null}]}

            """.getBytes(UTF_8));
    private final ByteBuf answer = Unpooled.directBuffer().writeBytes("""
            {"id":"chatcmpl-1","object":"chat.completion","created":1795237899,"model":"upstream-model","choices":[{"index":0,\
            "message":{"role":"assistant","content":"It helps to look at the sky one step at a time. The same principle appears \
            in many other places once you begin to look for it."},"finish_reason":"stop"}],"usage":{"prompt_tokens":60,\
            "completion_tokens":28,"total_tokens":88}}""".getBytes(UTF_8));

    @Benchmark
    public long scanEvent() {
        stream.add(event);
        return stream.pieces();
    }

    @Benchmark
    public long scanAnswer() {
        AnswerScan scan = new AnswerScan();
        scan.add(answer);
        return scan.pieces();
    }
}

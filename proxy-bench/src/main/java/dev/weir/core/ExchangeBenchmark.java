package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
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

/**
 * A whole request without a socket: its head parsed, a chain of synchronous middlewares passed, a small answer written with
 * its head. The chain's cost is the difference between five and none.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 6, time = 1) // So much code takes its time to be compiled.
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ExchangeBenchmark {
    private static final byte[] REQUEST = """
            GET /v1/models HTTP/1.1\r
            Host: 127.0.0.1:4000\r
            Authorization: Bearer sk-weir-0123456789012345678901234567890123456789abc\r
            Accept: application/json\r
            User-Agent: bench\r
            \r
            """.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ANSWER = "{\"object\":\"list\",\"data\":[]}".getBytes(StandardCharsets.US_ASCII);

    /** Middlewares in the chain. */
    @Param({"0", "5"})
    public int middlewares;

    private final EmbeddedChannel channel = new EmbeddedChannel();

    /** JMH sets {@link #middlewares} before. */
    @Setup
    public void connect() {
        // Each of a type of its own, as in a real chain: the calls are not all the same one.
        List<Middleware> five = List.of(
                exchange -> Verdict.PROCEED,
                exchange -> Verdict.PROCEED,
                exchange -> Verdict.PROCEED,
                exchange -> Verdict.PROCEED,
                exchange -> Verdict.PROCEED);
        List<Middleware> chain = five.subList(0, middlewares);
        Route route = new Route(
                "/v1/models",
                Route.Access.OPEN,
                Dialect.OPENAI,
                chain,
                Endpoint.answering(exchange -> LocalResponse.json(200, ANSWER)),
                null,
                1 << 20);
        Engine engine = new Engine(EngineSettings.DEFAULT, head -> route, ExchangeListener.NONE);
        Admission admission = new Admission(engine, ClientFacts.of(InetAddress.getLoopbackAddress(), false), false);
        channel.pipeline().addLast(new ClientConnection(engine, channel, admission));
    }

    @Benchmark
    public int answerOneRequest() {
        channel.writeInbound(channel.alloc().buffer(REQUEST.length).writeBytes(REQUEST));
        int bytes = 0;
        for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            bytes += out instanceof ByteBuf part ? part.readableBytes() : 0;
            ReferenceCountUtil.release(out);
        }
        if (bytes <= ANSWER.length) {
            throw new IllegalStateException("an answer of " + bytes + " bytes");
        }
        return bytes;
    }
}

package dev.weir.core;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Heads and chunks: what is read of them, and what is written. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FramingBenchmark {
    private static final int EVENT_BYTES = 200;

    private final ByteBuf request = Unpooled.directBuffer().writeBytes("""
            POST /v1/chat/completions HTTP/1.1\r
            Host: 127.0.0.1:4000\r
            Content-Type: application/json\r
            Authorization: Bearer sk-weir-0123456789012345678901234567890123456789abc\r
            Content-Length: 430\r
            \r
            """.getBytes(US_ASCII));
    private final ByteBuf response = Unpooled.directBuffer().writeBytes("""
            HTTP/1.1 200 OK\r
            Server: nginx/1.22.1\r
            Date: Sat, 21 Nov 2026 10:00:00 GMT\r
            Content-Type: application/json\r
            Content-Length: 330\r
            Connection: keep-alive\r
            \r
            """.getBytes(US_ASCII));
    private final ByteBuf chunk = Unpooled.directBuffer()
            .writeBytes(
                    (Integer.toHexString(EVENT_BYTES) + "\r\n" + "x".repeat(EVENT_BYTES) + "\r\n").getBytes(US_ASCII));
    private final ByteBuf event =
            Unpooled.directBuffer().writeBytes("x".repeat(EVENT_BYTES).getBytes(US_ASCII));

    private final RequestDecoder requests = new RequestDecoder(HttpLimits.DEFAULT);
    private final ResponseDecoder responses = new ResponseDecoder(HttpLimits.DEFAULT);
    private final BodyReader chunks = new BodyReader(new FieldLines(HttpLimits.DEFAULT));
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ResponseWriter writer = new ResponseWriter(channel, new WriteStall(channel, () -> {}));
    private final ResponseWriter heads = new ResponseWriter(channel, new WriteStall(channel, () -> {}));
    private final RequestHead streamRequest;
    private final ResponseHead streamHead;

    public FramingBenchmark() {
        chunks.begin(BodyFraming.CHUNKED);
        streamRequest = new RequestHead("POST", "/v1/chat/completions", false, "127.0.0.1", new Headers());
        streamHead = new ResponseHead(
                200,
                "OK",
                new Headers().add("Content-Type", "text/event-stream").add("Cache-Control", "no-cache"),
                -1);
        writer.writeHead(streamHead, streamRequest, "req-1", true);
        writer.flushNow();
        drain();
    }

    @Benchmark
    public @Nullable RequestHead readRequestHead() throws BadMessageException {
        return requests.readHead(request.readerIndex(0));
    }

    @Benchmark
    public @Nullable ResponseHead readResponseHead() throws BadMessageException {
        responses.begin(false);
        return responses.readHead(response.readerIndex(0));
    }

    /** From the backend's connection to the client's: read, freed of what belongs to one hop, written anew. */
    @Benchmark
    public int relayResponseHead() throws BadMessageException {
        responses.begin(false);
        ResponseHead head = Objects.requireNonNull(responses.readHead(response.readerIndex(0)));
        HopByHop.remove(head.headers());
        heads.writeHead(head, streamRequest, "req-1", true);
        heads.flushNow();
        return drain();
    }

    @Benchmark
    public int readChunk() throws BadMessageException {
        ByteBuf in = chunk.readerIndex(0);
        int bytes = 0;
        for (ByteBuf part = chunks.next(in); part != null; part = chunks.next(in)) {
            bytes += part.readableBytes();
            part.release();
        }
        return bytes;
    }

    /** One event of a stream whose head is written: framed, handed over, flushed. */
    @Benchmark
    public int writeChunk() {
        writer.writeBody(event.retainedDuplicate(), false);
        writer.flushNow();
        return drain();
    }

    private int drain() {
        int bytes = 0;
        for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            bytes += out instanceof ByteBuf part ? part.readableBytes() : 0;
            ReferenceCountUtil.release(out);
        }
        return bytes;
    }
}

package dev.weir.core;

import dev.weir.testing.Await;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request in the hands of the test: an upstream that notes what it is told, and the means to answer. For the test's
 * thread; what it does happens on the event loop.
 */
final class Served implements Upstream {
    private final Exchange exchange;
    private final Downstream downstream;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final AtomicInteger cancels = new AtomicInteger();
    private final AtomicInteger resumes = new AtomicInteger();
    private final AtomicInteger lasts = new AtomicInteger();
    private volatile boolean writable;
    private volatile boolean pausing;

    private Served(Exchange exchange, Downstream downstream, boolean writable) {
        this.exchange = exchange;
        this.downstream = downstream;
        this.writable = writable;
    }

    /** An endpoint that attaches an upstream and leaves the answer to the test. */
    static final class ByTest implements Endpoint {
        private final BlockingQueue<Served> served = new LinkedBlockingQueue<>();
        private final boolean writable;
        private volatile @Nullable EventLoop loop;

        ByTest() {
            this(true);
        }

        /** @param writable whether the upstream takes the request's body at first */
        ByTest(boolean writable) {
            this.writable = writable;
        }

        @Override
        public void serve(Exchange exchange, Downstream downstream) {
            loop = exchange.eventLoop();
            Served next = new Served(exchange, downstream, writable);
            served.add(next);
            downstream.attach(next);
        }

        /** The next request. */
        Served await() {
            return TestGateway.next(served, "a request is served");
        }

        /** The event loop of the last request. */
        EventLoop loop() {
            return Objects.requireNonNull(loop);
        }

        boolean isEmpty() {
            return served.isEmpty();
        }
    }

    Exchange exchange() {
        return exchange;
    }

    /** Does something on the event loop and waits until it is done. */
    void run(Consumer<Downstream> action) {
        try {
            exchange.eventLoop().submit(() -> action.accept(downstream)).get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    void writeHead(int status, long length) {
        run(to -> {
            to.writeHead(new ResponseHead(status, Reasons.of(status), new Headers(), length));
            to.flush();
        });
    }

    void write(String text) {
        write(text, false);
    }

    void writeLast(String text) {
        write(text, true);
    }

    private void write(String text, boolean last) {
        run(to -> {
            to.writeBody(buffer(text), last);
            to.flush();
        });
    }

    void fail(GatewayError error) {
        run(to -> to.fail(new GatewayException(error, "as the test wanted")));
    }

    void setWritable(boolean now) {
        run(to -> {
            writable = now;
            if (now) {
                to.resumeRequest();
            }
        });
    }

    /** The upstream takes what has come, and no more: nobody is told. */
    void takeWhatIsThere() {
        run(to -> {
            writable = true;
            to.resumeRequest();
            writable = false;
        });
    }

    /** From now on the upstream takes one part each time it was set writable. */
    void pauseAfterEveryPart() {
        pausing = true;
    }

    boolean clientTakesMore() {
        boolean[] result = new boolean[1];
        run(to -> result[0] = to.isWritable());
        return result[0];
    }

    static ByteBuf buffer(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    synchronized String received() {
        return received.toString(StandardCharsets.ISO_8859_1);
    }

    synchronized int receivedBytes() {
        return received.size();
    }

    void awaitReceived(String text) {
        Await.until(
                "the upstream has " + text + " of " + received(),
                () -> received().equals(text));
    }

    void awaitLast() {
        Await.until("the upstream saw the body's end", () -> lasts.get() == 1);
    }

    void awaitCancelled() {
        Await.until("the upstream is cancelled", () -> cancels.get() > 0);
    }

    int lasts() {
        return lasts.get();
    }

    int cancels() {
        return cancels.get();
    }

    int resumes() {
        return resumes.get();
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        synchronized (this) {
            byte[] bytes = new byte[part.readableBytes()];
            part.readBytes(bytes);
            received.writeBytes(bytes);
        }
        part.release();
        writable &= !pausing;
        if (last) {
            lasts.incrementAndGet();
        }
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void resume() {
        resumes.incrementAndGet();
    }

    @Override
    public void cancel() {
        cancels.incrementAndGet();
    }
}

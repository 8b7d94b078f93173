package dev.weir.pipeline.cache;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import dev.weir.testing.Await;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** A request that the cache let pass, in the hands of the test, which plays the backend. For the test's thread. */
final class Call implements Upstream {
    private final Exchange exchange;
    private final Downstream downstream;
    private volatile boolean cancelled;

    Call(Exchange exchange, Downstream downstream) {
        this.exchange = exchange;
        this.downstream = downstream;
    }

    /** The whole answer, 200. */
    void answer(String json) {
        answer(200, json);
    }

    void answer(int status, String json, String... fields) {
        head(status, "application/json", json.length(), fields);
        part(json, true);
    }

    /** The head of an answer; of unknown length when that is negative. */
    void head(int status, String type, int length, String... fields) {
        Headers headers = new Headers().add("Content-Type", type);
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        run(to -> to.writeHead(new ResponseHead(status, "", headers, length)));
    }

    void part(String text, boolean last) {
        run(to -> {
            to.writeBody(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8), last);
            to.flush();
        });
    }

    void fail() {
        run(to -> to.fail(new GatewayException(GatewayError.BACKEND_FAILED, "as the test wanted")));
    }

    String path() {
        return exchange.request().path();
    }

    void awaitCancelled() {
        Await.until("the call is cancelled", () -> cancelled);
    }

    boolean cancelled() {
        return cancelled;
    }

    private void run(Consumer<Downstream> action) {
        try {
            exchange.eventLoop().submit(() -> action.accept(downstream)).get(10, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        part.release();
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void resume() {}

    @Override
    public void cancel() {
        cancelled = true;
    }
}

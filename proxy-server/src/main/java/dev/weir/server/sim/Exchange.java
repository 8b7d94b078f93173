package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its answer, from the last byte of the one to the last byte of the other or the client's leaving.
 * *Runs on the event loop*, except {@link #execute}. *Takes* the buffers given to it.
 */
final class Exchange {
    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    // Spelled as Go's servers spell them.
    private static final String CONTENT_TYPE = "Content-Type";
    private static final String CONTENT_LENGTH = "Content-Length";
    private static final String TRANSFER_ENCODING = "Transfer-Encoding";
    private static final String CACHE_CONTROL = "Cache-Control";
    private static final String CONNECTION = "Connection";
    private static final String DATE = "Date";

    private final Channel channel;
    private final SimKind kind;
    private final HttpVersion version;
    private final String method;
    private final String path;
    private final HttpHeaders headers;
    private final byte[] body;
    private boolean keepAlive;
    private final long startNanos = System.nanoTime();
    private final List<Runnable> endings = new ArrayList<>(2);
    private final Consumer<Exchange> finished;
    private @Nullable ScheduledFuture<?> timer;
    private @Nullable Runnable writable;
    private boolean headSent;
    private boolean closing;
    private boolean ended;

    /** @param finished told once when the answer has been written or cut, not when the client leaves */
    Exchange(
            Channel channel,
            SimKind kind,
            FullHttpRequest request,
            String path,
            byte[] body,
            Consumer<Exchange> finished) {
        this.channel = channel;
        this.kind = kind;
        boolean readable = request.decoderResult().isSuccess();
        this.version = readable ? request.protocolVersion() : HttpVersion.HTTP_1_1;
        this.method = request.method().name();
        this.path = path;
        this.headers = request.headers();
        this.body = body;
        this.keepAlive = readable && HttpUtil.isKeepAlive(request);
        this.finished = finished;
    }

    String method() {
        return method;
    }

    /** The path, percent-decoded, without the query. */
    String path() {
        return path;
    }

    HttpHeaders headers() {
        return headers;
    }

    byte[] body() {
        return body;
    }

    ObjectNode jsonBody() {
        return Json.parseObject(body);
    }

    long startNanos() {
        return startNanos;
    }

    ByteBufAllocator alloc() {
        return channel.alloc();
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    boolean isEnded() {
        return ended;
    }

    /** Whether this answer is the connection's last. */
    boolean closesConnection() {
        return closing;
    }

    /** Runs the task when the exchange ends, however it ends. */
    void onEnd(Runnable task) {
        endings.add(task);
    }

    /** Runs the task whenever the client takes bytes again after it had stopped. */
    void onWritable(Runnable task) {
        writable = task;
    }

    /** Runs the task at that {@link System#nanoTime()} unless the exchange has ended; replaces a waiting task. */
    void at(long dueNanos, Runnable task) {
        ScheduledFuture<?> previous = timer;
        if (previous != null) {
            previous.cancel(false);
        }
        long delay = Math.max(0, dueNanos - System.nanoTime());
        timer = channel.eventLoop().schedule(() -> guarded(task), delay, TimeUnit.NANOSECONDS);
    }

    /** Runs the task on the event loop unless the exchange has ended. *Any thread.* */
    void execute(Runnable task) {
        channel.eventLoop().execute(() -> guarded(task));
    }

    /** Runs the task; what it throws becomes the answer. */
    void guarded(Runnable task) {
        if (ended) {
            return;
        }
        try {
            task.run();
        } catch (SimError e) {
            fail(e);
        } catch (RuntimeException e) {
            log.warn("{} {} failed", method, path, e);
            fail(new SimError(500, "internal error: " + e));
        }
    }

    void reply(int status, JsonNode json) {
        reply(status, Json.bytes(json));
    }

    /** A whole JSON answer. */
    void reply(int status, byte[] json) {
        reply(status, jsonType(), json);
    }

    void reply(int status, String contentType, byte[] content) {
        if (ended) {
            return;
        }
        var response = new DefaultFullHttpResponse(
                version, HttpResponseStatus.valueOf(status), Unpooled.wrappedBuffer(content));
        stamp(response, contentType);
        response.headers().set(CONTENT_LENGTH, content.length);
        headSent = true;
        send(response);
        finish();
    }

    /** Sends half of a whole answer and closes the connection. */
    void replyCut(byte[] json) {
        var head = new DefaultHttpResponse(version, HttpResponseStatus.OK);
        stamp(head, jsonType());
        head.headers().set(CONTENT_LENGTH, json.length);
        headSent = true;
        write(head);
        write(new DefaultHttpContent(Unpooled.wrappedBuffer(json, 0, json.length / 2)));
        cut();
    }

    /** Answers with the error in this API's words, or cuts an answer that has begun. */
    void fail(SimError error) {
        if (ended) {
            return;
        }
        if (headSent) {
            cut();
        } else {
            reply(error.status(), ErrorStyle.of(kind, path).render(error));
        }
    }

    /** Sends the head of a stream with the first event that follows. */
    void beginStream(String contentType) {
        var head = new DefaultHttpResponse(version, HttpResponseStatus.OK);
        stamp(head, contentType);
        if (kind == SimKind.OPENAI) {
            head.headers().set(CACHE_CONTROL, "no-cache").set("x-accel-buffering", "no");
        }
        if (version.equals(HttpVersion.HTTP_1_1)) {
            head.headers().set(TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        } else {
            // Only the connection's end can tell an HTTP/1.0 client where a stream ends.
            keepAlive = false;
            head.headers().set(CONNECTION, HttpHeaderValues.CLOSE);
        }
        headSent = true;
        write(head);
    }

    /** Writes one event as one chunk. */
    void event(ByteBuf event) {
        if (ended) {
            event.release();
        } else {
            write(new DefaultHttpContent(event));
        }
    }

    void flush() {
        channel.flush();
    }

    void endStream() {
        if (!ended) {
            send(LastHttpContent.EMPTY_LAST_CONTENT);
            finish();
        }
    }

    /** Closes the connection after what has been written, without the answer's end. */
    void cut() {
        closing = true;
        // An empty part is written after those before it.
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        finish();
    }

    /** The client has left, or the server closes. */
    void cancel() {
        end();
    }

    void writabilityChanged() {
        Runnable task = writable;
        if (task != null && channel.isWritable()) {
            guarded(task);
        }
    }

    private void write(HttpObject part) {
        // A void promise reports a failure to the pipeline, which closes the connection.
        var unused = channel.write(part, channel.voidPromise());
    }

    private void send(LastHttpContent last) {
        var written = channel.writeAndFlush(last);
        if (!keepAlive) {
            closing = true;
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void finish() {
        end();
        finished.accept(this);
    }

    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        ScheduledFuture<?> pending = timer;
        if (pending != null) {
            pending.cancel(false);
        }
        endings.forEach(Runnable::run);
    }

    private String jsonType() {
        // Ollama's /v1 is written by a layer that sets the bare type.
        return kind == SimKind.OLLAMA && !path.startsWith("/v1/")
                ? "application/json; charset=utf-8"
                : "application/json";
    }

    private void stamp(HttpResponse response, String contentType) {
        HttpHeaders out = response.headers();
        if (!contentType.isEmpty()) {
            out.set(CONTENT_TYPE, contentType);
        }
        out.set(DATE, HttpDate.at(Instant.now()));
        if (kind == SimKind.OPENAI) {
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
            out.set("x-request-id", Ids.next("req_")).set("openai-processing-ms", millis);
            out.set("openai-version", "2020-10-01");
        }
        HttpUtil.setKeepAlive(out, version, keepAlive);
    }
}

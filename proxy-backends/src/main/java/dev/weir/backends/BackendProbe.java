package dev.weir.backends;

import dev.weir.core.ResponseHead;
import dev.weir.core.Timeout;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request of Weir's own to a backend, outside leases and pools: a health check, a look at its models. Runs on one event
 * loop; ends exactly once.
 */
final class BackendProbe implements Connector.Requester, BackendConnection.Receiver {
    private static final int MAX_BODY_BYTES = 4 * 1024 * 1024;

    private final Backend backend;
    private final String path;
    private final @Nullable String json;
    private final Consumer<Result> onResult;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(256);
    private @Nullable BackendConnection connection;
    private @Nullable Channel connecting;
    private @Nullable Timeout deadline;
    private int status;
    private boolean ended;

    /**
     * What a probe brought.
     *
     * @param status the answer's status, or 0 if there was none
     * @param body the answer's body, at most 4 MiB
     */
    @SuppressWarnings("ArrayRecordComponent") // read once, by the one who asked
    record Result(int status, byte[] body) {}

    private BackendProbe(Backend backend, String path, @Nullable String json, Consumer<Result> onResult) {
        this.backend = backend;
        this.path = path;
        this.json = json;
        this.onResult = onResult;
    }

    /** Sends {@code GET path} and tells {@code onResult}, on {@code eventLoop}, within {@code timeoutMillis}. */
    static void get(Backend backend, EventLoop eventLoop, String path, long timeoutMillis, Consumer<Result> onResult) {
        eventLoop.execute(() -> new BackendProbe(backend, path, null, onResult).start(eventLoop, timeoutMillis));
    }

    /** Sends {@code POST path} with {@code json}; else as {@link #get}. */
    static void post(
            Backend backend,
            EventLoop eventLoop,
            String path,
            String json,
            long timeoutMillis,
            Consumer<Result> onResult) {
        eventLoop.execute(() -> new BackendProbe(backend, path, json, onResult).start(eventLoop, timeoutMillis));
    }

    private void start(EventLoop eventLoop, long timeoutMillis) {
        Timeout timeout = new Timeout(eventLoop, () -> end(0));
        timeout.set(timeoutMillis);
        deadline = timeout;
        connecting = backend.connector().connect(backend, eventLoop, this);
    }

    @Override
    public void connected(BackendConnection ready) {
        connecting = null;
        if (ended) {
            ready.close();
            return;
        }
        connection = ready.forOneAnswer();
        String head = (json == null ? "GET " : "POST ")
                + backend.fields().basePath() + path + " HTTP/1.1\r\n"
                + backend.fields().lines()
                + "User-Agent: weir\r\nConnection: close\r\n";
        ready.send(Unpooled.wrappedBuffer(ascii(head), content()), true, false, this);
    }

    private ByteBuf content() {
        if (json == null) {
            return ascii("\r\n");
        }
        ByteBuf content = Unpooled.copiedBuffer(json, StandardCharsets.UTF_8);
        String fields = "Content-Type: application/json\r\nContent-Length: " + content.readableBytes() + "\r\n\r\n";
        return Unpooled.wrappedBuffer(ascii(fields), content);
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void notConnected(Failure failure) {
        connecting = null;
        end(0);
    }

    @Override
    public void onHead(ResponseHead head) {
        status = head.status();
    }

    @Override
    public void onBody(ByteBuf part, boolean last) {
        try {
            if (body.size() + part.readableBytes() > MAX_BODY_BYTES) {
                end(0);
                return;
            }
            part.readBytes(body, part.readableBytes());
        } catch (IOException e) {
            throw new IllegalStateException("a stream in memory failed", e);
        } finally {
            part.release();
        }
        if (last) {
            end(status);
        }
    }

    @Override
    public void onReadComplete() {}

    @Override
    public void onWritable() {}

    @Override
    public void onFailure(Failure failure) {
        end(0);
    }

    private void end(int with) {
        if (ended) {
            return;
        }
        ended = true;
        if (deadline != null) {
            deadline.close();
        }
        if (connecting != null) {
            connecting.close();
        }
        if (connection != null) {
            connection.close();
        }
        onResult.accept(new Result(with, body.toByteArray()));
    }
}

package dev.weir.backends;

import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request of Weir's own to an Ollama, for management: outside leases, pools and balancing, on a connection of its own. The
 * answer is passed on as it comes. Runs on one event loop; ends exactly once.
 */
public final class OllamaCall implements Connector.Requester, BackendConnection.Receiver {
    /** For work that goes on for hours and is silent for minutes: a pull, which checks sums at its end. */
    private static final BackendSpec.Timeouts PATIENT =
            new BackendSpec.Timeouts(10_000, 600_000, 3_600_000, 7 * 24 * 3_600_000L);

    /** Of an answer that is collected; a model's licence and template are the largest parts of one. */
    private static final int MAX_ANSWER_BYTES = 16 * 1024 * 1024;

    /** Whom the answer is for; called on the event loop, after an end or a failure no more. */
    public interface Receiver {
        /** The answer begins. */
        void onHead(int status);

        /** A part of the body. Borrows {@code part}. */
        void onPart(ByteBuf part);

        /** A read is through. */
        default void onReadComplete() {}

        void onEnd();

        /** There is no answer, or no end to it; {@code reason} is for people. */
        void onFailure(String reason);
    }

    /**
     * A collected answer.
     *
     * @param status the status, or 0 if there was no whole answer
     * @param body the body, or why there was no answer
     */
    public record Answer(int status, String body) {
        /** Whether it is a success. */
        public boolean isOk() {
            return status == 200;
        }
    }

    private final byte[] request;
    private final Receiver receiver;
    private @Nullable BackendConnection connection;
    private @Nullable Channel connecting;
    private @Nullable ScheduledFuture<?> deadline;
    private boolean ended;

    private OllamaCall(byte[] request, Receiver receiver) {
        this.request = request;
        this.receiver = receiver;
    }

    /**
     * Sends a request. On {@code eventLoop}.
     *
     * @param json the body, or null for none
     * @param timeoutMillis for the whole answer; 0 for work that may take hours
     */
    public static OllamaCall send(
            Backend backend,
            EventLoop eventLoop,
            String method,
            String path,
            @Nullable String json,
            long timeoutMillis,
            Receiver receiver) {
        OllamaCall call = new OllamaCall(request(backend, method, path, json), receiver);
        if (timeoutMillis > 0) {
            call.deadline = eventLoop.schedule(
                    () -> call.fail("no answer within " + timeoutMillis + " ms"), timeoutMillis, TimeUnit.MILLISECONDS);
        }
        call.connecting = backend.connector().connect(backend, eventLoop, call);
        return call;
    }

    /** Sends a request and collects its answer. The future is completed on {@code eventLoop}, never with an exception. */
    public static CompletableFuture<Answer> ask(
            Backend backend,
            EventLoop eventLoop,
            String method,
            String path,
            @Nullable String json,
            long timeoutMillis) {
        Collector collector = new Collector();
        send(backend, eventLoop, method, path, json, timeoutMillis, collector);
        return collector.answer;
    }

    private static byte[] request(Backend backend, String method, String path, @Nullable String json) {
        byte[] body = json == null ? new byte[0] : json.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + backend.fields().basePath() + path + " HTTP/1.1\r\n"
                + backend.fields().lines()
                + "User-Agent: weir\r\nConnection: close\r\n"
                + (json == null ? "" : "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\n")
                + "\r\n";
        byte[] headBytes = head.getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = Arrays.copyOf(headBytes, headBytes.length + body.length);
        System.arraycopy(body, 0, whole, headBytes.length, body.length);
        return whole;
    }

    /** Stops or resumes reading the answer: backpressure. */
    public void setReading(boolean reading) {
        if (connection != null && !ended) {
            connection.setReading(reading);
        }
    }

    /** Ends it without another word to the receiver. */
    public void cancel() {
        end();
    }

    @Override
    public void connected(BackendConnection ready) {
        connecting = null;
        if (ended) {
            ready.close();
            return;
        }
        connection = ready;
        ready.limits(PATIENT);
        ready.send(Unpooled.wrappedBuffer(request), true, false, this);
    }

    @Override
    public void notConnected(Failure failure) {
        connecting = null;
        fail(failure.detail());
    }

    @Override
    public void onHead(ResponseHead head) {
        receiver.onHead(head.status());
    }

    @Override
    public void onBody(ByteBuf part, boolean last) {
        try {
            if (!ended) {
                receiver.onPart(part);
            }
        } finally {
            part.release();
        }
        if (last && !ended) {
            end();
            receiver.onEnd();
        }
    }

    @Override
    public void onReadComplete() {
        if (!ended) {
            receiver.onReadComplete();
        }
    }

    @Override
    public void onWritable() {}

    @Override
    public void onFailure(Failure failure) {
        connection = null;
        fail(failure.detail());
    }

    private void fail(String reason) {
        if (!ended) {
            end();
            receiver.onFailure(reason);
        }
    }

    private void end() {
        ended = true;
        if (deadline != null) {
            deadline.cancel(false);
        }
        if (connecting != null) {
            connecting.close();
            connecting = null;
        }
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    /** Keeps an answer until it is whole. */
    private static final class Collector implements Receiver {
        private final CompletableFuture<Answer> answer = new CompletableFuture<>();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream(512);
        private int status;
        private boolean tooLarge;

        @Override
        public void onHead(int answered) {
            status = answered;
        }

        @Override
        public void onPart(ByteBuf part) {
            tooLarge |= body.size() + part.readableBytes() > MAX_ANSWER_BYTES;
            if (!tooLarge) {
                byte[] octets = new byte[part.readableBytes()];
                part.getBytes(part.readerIndex(), octets);
                body.writeBytes(octets);
            }
        }

        @Override
        public void onEnd() {
            answer.complete(
                    tooLarge
                            ? new Answer(0, "its answer is larger than " + MAX_ANSWER_BYTES + " bytes")
                            : new Answer(status, body.toString(StandardCharsets.UTF_8)));
        }

        @Override
        public void onFailure(String reason) {
            answer.complete(new Answer(0, reason));
        }
    }
}

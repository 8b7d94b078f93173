package dev.weir.backends;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weir.backends.translate.ErrorText;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.Timeout;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a stream honest. Until its first token it sends comments, so that nobody on the way takes it for dead; for that it
 * begins the answer itself, and what would have been another answer becomes an error event. A stream that breaks off, ends
 * without saying that it is complete, or reports an error becomes one error event in the route's dialect, at an event's
 * boundary, before the cut; never {@code [DONE]}.
 *
 * <p>What passes is looked at in place. Runs on the event loop.
 */
final class EventStreamGuard implements ResponseFilter {
    private static final ByteBuf COMMENT = Unpooled.unreleasableBuffer(
                    Unpooled.directBuffer().writeBytes(": weir\n\n".getBytes(US_ASCII)))
            .asReadOnly();

    /** Whose stream is guarded. */
    interface Source {
        /** Nothing more is taken of the answer: it is not what it should be, which is the backend's failure unless null. */
        void abandon(Failure.@Nullable Kind failure);

        /** Names who is asked at the moment, as the head of an answer does, as far as that is known. */
        void nameIn(Headers headers);

        /** What to add to a comment about the wait, or the empty string. */
        String waiting();
    }

    private enum State {
        /** No answer yet. */
        WAITING,
        /** The answer was begun with a comment; the backend's own head is to come. */
        OPENED,
        /** The backend's stream passes. */
        STREAMING,
        /** The backend's answer fits no stream that has begun: it is an error to be told in it. */
        REFUSED,
        /** It reported an error, of which the rest is to come. */
        ERROR,
        /** An answer that is no stream, or one that cannot be spoken in. */
        PASSING,
        /** The client has been told, or has left. */
        OVER
    }

    private final Exchange exchange;
    private final BackendEvents events;
    private final Source source;
    private final StreamFormat format;
    private final StreamScan scan;
    private @Nullable Timeout heartbeat;
    private long heartbeatMillis;
    private @Nullable Downstream client;

    private State state = State.WAITING;
    private @Nullable OpenedHead opened;

    /** Whether the stream stands between two events: nothing sent yet, or an empty line last. */
    private boolean atBoundary = true;

    private int lastBytes;
    private long lastPartNanos;

    /** A piece of a line that is too short to tell, or an error so far. */
    private @Nullable ByteBuf held;

    private int refusalStatus;

    EventStreamGuard(Exchange exchange, StreamFormat format, BackendEvents events, Source source) {
        this.exchange = exchange;
        this.format = format;
        this.events = events;
        this.source = source;
        this.scan = new StreamScan(format);
    }

    /**
     * Sends comments from now on.
     *
     * @param next the way to the client behind this filter
     */
    void beatEvery(long millis, Downstream next) {
        heartbeatMillis = millis;
        client = next;
        heartbeat = new Timeout(exchange.eventLoop(), this::beat);
        heartbeat.set(millis);
    }

    private void beat() {
        Downstream next = client;
        if (next == null || heartbeat == null) {
            return;
        }
        if (state == State.WAITING) {
            state = State.OPENED;
            opened = new OpenedHead(source);
            next.writeHead(opened.head());
        }
        if (atBoundary && held == null && next.isWritable()) {
            next.writeBody(comment(), false);
            next.flush();
        }
        heartbeat.set(heartbeatMillis);
    }

    private ByteBuf comment() {
        String waiting = source.waiting();
        return waiting.isEmpty() ? COMMENT.duplicate() : Unpooled.copiedBuffer(": weir " + waiting + "\n\n", US_ASCII);
    }

    private void stopBeating() {
        if (heartbeat != null) {
            heartbeat.close();
            heartbeat = null;
        }
    }

    @Override
    public boolean hasBegun() {
        return state == State.OPENED;
    }

    /** Whether an element can be put into the answer: a stream of no given length, not compressed. */
    static boolean canSpeakIn(ResponseHead head, StreamFormat format) {
        return (format == StreamFormat.LINES ? head.isJsonLines() : head.isEventStream())
                && head.contentLength() == ResponseHead.UNKNOWN
                && !head.headers().contains("Content-Encoding");
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        boolean stream = canSpeakIn(head, format);
        if (state == State.OPENED) {
            boolean fits = stream && head.status() == 200;
            state = fits ? State.STREAMING : State.REFUSED;
            refusalStatus = head.status();
            if (!fits) {
                stopBeating();
            } else if (opened != null) {
                String correction = opened.correctionFor(head);
                if (!correction.isEmpty()) {
                    next.writeBody(Unpooled.copiedBuffer(correction, US_ASCII), false);
                }
            }
            return;
        }
        state = stream ? State.STREAMING : State.PASSING;
        if (stream) {
            head.headers().set("x-accel-buffering", "no");
            if (!head.headers().contains("Cache-Control")) {
                head.headers().set("Cache-Control", "no-cache");
            }
        } else {
            stopBeating();
        }
        next.writeHead(head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        switch (state) {
            case STREAMING -> stream(part, last, next);
            case REFUSED -> refuse(part, last, next);
            case ERROR -> error(part, last, next);
            case WAITING, OPENED, PASSING -> next.writeBody(part, last);
            case OVER -> part.release();
        }
    }

    private void stream(ByteBuf part, boolean last, Downstream next) {
        measureGap(part);
        ByteBuf all = joined(part);
        int until = scan.scan(all, last);
        if (heartbeat != null && scan.sawToken()) {
            stopBeating();
        }
        if (until < all.writerIndex()) {
            hold(all, until);
        }
        noteBoundary(all);
        if (scan.foundError()) {
            state = State.ERROR;
            stopBeating();
            next.writeBody(all, false);
            error(Unpooled.EMPTY_BUFFER, last, next);
        } else if (last && scan.isUnfinished()) {
            next.writeBody(all, false);
            breakOff(
                    Failure.Kind.UNFINISHED,
                    new GatewayException(
                            GatewayError.BACKEND_FAILED, "the backend ended its answer before it was complete"),
                    next);
        } else if (all.isReadable() || last) {
            next.writeBody(all, last);
        } else {
            all.release();
        }
    }

    private void measureGap(ByteBuf part) {
        if (part.isReadable()) {
            long now = System.nanoTime();
            if (lastPartNanos != 0) {
                events.streamGap(now - lastPartNanos);
            }
            lastPartNanos = now;
        }
    }

    /** What is held, and {@code part} behind it. Takes {@code part}; the caller takes the result. */
    private ByteBuf joined(ByteBuf part) {
        ByteBuf before = held;
        if (before == null) {
            return part;
        }
        held = null;
        before.writeBytes(part);
        part.release();
        return before;
    }

    /** Keeps what stands behind {@code from} in {@code all}, which ends there from now on. */
    private void hold(ByteBuf all, int from) {
        int length = all.writerIndex() - from;
        held = buffer(length).writeBytes(all, from, length);
        all.writerIndex(from);
    }

    private static ByteBuf buffer(int length) {
        return PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(256, length));
    }

    private void noteBoundary(ByteBuf part) {
        int end = part.writerIndex();
        int length = part.readableBytes();
        for (int i = Math.max(0, length - 4); i < length; i++) {
            lastBytes = (lastBytes << 8) | (part.getByte(end - length + i) & 0xff);
        }
        if (length > 0) {
            atBoundary = format == StreamFormat.LINES
                    ? (lastBytes & 0xff) == '\n'
                    : (lastBytes & 0xffff) == 0x0a0a || (lastBytes & 0xffffff) == 0x0a0d0a;
        }
    }

    /** Collects an error's line, then tells what it says. */
    private void error(ByteBuf part, boolean last, Downstream next) {
        ByteBuf line = collect(part);
        int newline = line.indexOf(line.readerIndex(), line.writerIndex(), (byte) '\n');
        if (newline < 0 && !last && line.readableBytes() < ErrorText.MAX_BYTES) {
            return;
        }
        int start = line.indexOf(line.readerIndex(), line.writerIndex(), (byte) '{');
        int end = newline < 0 ? line.writerIndex() : newline;
        String said = ErrorText.of(line.slice(start, end - start));
        breakOff(
                Failure.Kind.STREAM_ERROR,
                new GatewayException(
                        GatewayError.BACKEND_FAILED,
                        said.isEmpty() ? "the backend failed in the middle of its answer" : said),
                next);
    }

    /** Collects an answer that came too late to be one, then tells what it says. */
    private void refuse(ByteBuf part, boolean last, Downstream next) {
        ByteBuf answer = collect(part);
        if (!last && answer.readableBytes() < ErrorText.MAX_BYTES) {
            return;
        }
        String said = refusalStatus < 400 ? "" : ErrorText.of(answer);
        breakOff(
                null,
                new GatewayException(
                        errorOf(refusalStatus),
                        said.isEmpty() ? "the backend answered " + refusalStatus + " without an event stream" : said),
                next);
    }

    private static GatewayError errorOf(int status) {
        return switch (status) {
            case 400, 422 -> GatewayError.BAD_REQUEST;
            case 404 -> GatewayError.MODEL_NOT_FOUND;
            case 413 -> GatewayError.BODY_TOO_LARGE;
            case 429 -> GatewayError.RATE_LIMITED;
            case 503 -> GatewayError.OVERLOADED;
            default -> GatewayError.BACKEND_FAILED;
        };
    }

    /** Takes {@code part} behind what is held. */
    private ByteBuf collect(ByteBuf part) {
        ByteBuf so = held == null ? buffer(part.readableBytes()) : held;
        held = so;
        so.writeBytes(part, Math.min(part.readableBytes(), ErrorText.MAX_BYTES));
        part.release();
        return so;
    }

    /** Ends the stream by Weir's own judgement. */
    private void breakOff(Failure.@Nullable Kind kind, GatewayException failure, Downstream next) {
        source.abandon(kind);
        onFailure(failure, next);
    }

    @Override
    public void onFailure(GatewayException failure, Downstream next) {
        boolean speaks = state != State.PASSING;
        ByteBuf rest = state == State.STREAMING ? held : null;
        if (rest != null) {
            held = null;
            noteBoundary(rest);
            next.writeBody(rest, false);
        }
        state = State.OVER;
        stopBeating();
        if (atBoundary && speaks) {
            next.writeBody(Unpooled.wrappedBuffer(exchange.route().dialect().event(failure, exchange.id())), false);
        }
        next.fail(failure);
    }

    @Override
    public void onEnd(Outcome outcome) {
        state = State.OVER;
        stopBeating();
        if (held != null) {
            held.release();
            held = null;
        }
    }
}

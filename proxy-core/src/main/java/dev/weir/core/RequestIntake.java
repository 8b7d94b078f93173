package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * How far the body of the current request has come from the bytes of its connection into its exchange, and what may be done
 * with the rest. Runs on the event loop.
 */
final class RequestIntake {
    /** Up to here the rest of a refused request is read and dropped for the sake of the connection. */
    private static final int MAX_DISCARD_BYTES = 64 * 1024;

    private final BodyReader body;
    private boolean awaitsContinue;
    private boolean delivered;
    private boolean broken;

    RequestIntake(BodyReader body) {
        this.body = body;
    }

    /**
     * A head was read: its body comes next.
     *
     * @throws BadMessageException for an expectation other than 100-continue
     */
    void begin(RequestHead head) throws BadMessageException {
        delivered = false;
        awaitsContinue = false;
        if (head.http10() || !head.headers().contains("Expect")) {
            return;
        }
        for (String expectation : head.headers().all("Expect")) {
            if (!expectation.equalsIgnoreCase("100-continue")) {
                throw new BadMessageException(417, "an expectation other than 100-continue");
            }
        }
        awaitsContinue = true;
    }

    /** The next part, empty at the end of a body that had no more; null when more bytes are needed. The caller takes it. */
    @Nullable
    ByteBuf next(ByteBuf in) throws BadMessageException {
        ByteBuf part = body.next(in);
        if (part == null && !body.ended()) {
            return null;
        }
        awaitsContinue = false;
        delivered = body.ended();
        return part == null ? Unpooled.EMPTY_BUFFER : part;
    }

    /** Whether the client waits to be invited to send the body; true once (RFC 9110 section 10.1.1). */
    boolean takeInvitation() {
        boolean waits = awaitsContinue;
        awaitsContinue = false;
        return waits;
    }

    /** Drops what is there of the body; returns whether that was all of it. */
    boolean skip(ByteBuf in) throws BadMessageException {
        if (broken) {
            return false;
        }
        for (ByteBuf part = body.next(in); part != null; part = body.next(in)) {
            part.release();
        }
        return body.ended();
    }

    /** Drops what is there of a body nobody wants; returns whether the rest is little enough to read it as well. */
    boolean canBeSkipped(ByteBuf in) {
        try {
            return skip(in)
                    || (!awaitsContinue && body.remainingLength() > 0 && body.remainingLength() <= MAX_DISCARD_BYTES);
        } catch (BadMessageException e) {
            broken = true;
            return false;
        }
    }

    /** Nothing more can be read: the framing is broken. */
    void markBroken() {
        broken = true;
    }

    /** Whether the exchange will get no more of the body. */
    boolean isOver() {
        return delivered || broken;
    }

    /** Whether the body has been read to its end, whoever got it. */
    boolean isComplete() {
        return body.ended();
    }
}

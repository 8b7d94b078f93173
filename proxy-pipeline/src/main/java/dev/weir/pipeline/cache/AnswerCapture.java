package dev.weir.pipeline.cache;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Copies a backend's answer on its way to the client, keeps it if it is whole, and gives it to those who wait for it: also when
 * the client leaves meanwhile. Passes on what the cache itself answered. Runs on the event loop.
 */
final class AnswerCapture implements ResponseFilter {
    private static final int FIRST_BYTES = 4 * 1024;

    private final Exchange exchange;
    private final Place place;
    private final @Nullable Seat seat;
    private final boolean follower;
    private byte @Nullable [] copy;
    private int length;
    private String contentType = "";
    private String model = "";

    /** @param seat null for an exchange that asks for itself */
    AnswerCapture(Exchange exchange, Place place, @Nullable Seat seat) {
        this.exchange = exchange;
        this.place = place;
        this.seat = seat;
        this.follower = seat != null && seat.role() == Seat.Role.FOLLOWING;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        if (seat != null && seat.role() == Seat.Role.ANSWERED) {
            if (follower) {
                place.figures().sharedAnswer();
            } else {
                place.figures().hit();
            }
            next.writeHead(head);
            return;
        }
        place.figures().miss();
        if (head.status() != 200) {
            leave();
        } else if (CaptureRules.allow(head, exchange)
                && CaptureRules.isJson(head)
                && head.contentLength() <= place.maxEntryBytes()) {
            copy = new byte[head.contentLength() > 0 ? (int) head.contentLength() : FIRST_BYTES];
            contentType = CaptureRules.field(head, "Content-Type");
            model = CaptureRules.field(head, CachedAnswer.MODEL);
        } else {
            giveUp();
        }
        head.headers().set(CachedAnswer.RESULT, "miss");
        next.writeHead(head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        if (copy != null) {
            add(part, copy);
            if (last && copy != null) {
                finish(copy);
            }
        }
        next.writeBody(part, last);
    }

    private void add(ByteBuf part, byte[] into) {
        int more = part.readableBytes();
        if (more > place.maxEntryBytes() - length) {
            giveUp();
            return;
        }
        byte[] room = into;
        if (length + more > room.length) {
            room = Arrays.copyOf(room, Math.min(place.maxEntryBytes(), Math.max(2 * room.length, length + more)));
            copy = room;
        }
        part.getBytes(part.readerIndex(), room, length, more);
        length += more;
    }

    private void finish(byte[] bytes) {
        byte[] body = bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
        copy = null;
        if (!AnswerCheck.isWhole(place.call(), body, place.question().seeded())) {
            giveUp();
            return;
        }
        CachedAnswer answer = place.keep(body, contentType, model);
        if (seat != null) {
            seat.answered(answer);
        }
    }

    /** This answer is none to keep, nor would the next one be. */
    private void giveUp() {
        copy = null;
        if (seat != null) {
            seat.dissolve();
        }
    }

    /** This exchange failed; the next one may fare better. */
    private void leave() {
        copy = null;
        if (seat != null) {
            seat.leave();
        }
    }

    @Override
    public boolean outlivesClient() {
        return seat != null && seat.isAwaited();
    }

    @Override
    public void onFailure(GatewayException failure, Downstream next) {
        leave();
        next.fail(failure);
    }

    @Override
    public void onEnd(Outcome outcome) {
        leave();
    }
}

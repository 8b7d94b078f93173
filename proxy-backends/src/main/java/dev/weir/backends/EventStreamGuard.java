package dev.weir.backends;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Tells the client of an event stream when it breaks off: one error event in the route's dialect, at an event's boundary,
 * before the cut; never {@code [DONE]}. Only looks at the last bytes of what passes, and at the clock.
 */
final class EventStreamGuard implements ResponseFilter {
    private final Exchange exchange;
    private final BackendEvents events;

    /** Whether the stream stands between two events: nothing sent yet, or an empty line last. */
    private boolean atBoundary = true;

    private int lastBytes;
    private long lastPartNanos;

    private EventStreamGuard(Exchange exchange, BackendEvents events) {
        this.exchange = exchange;
        this.events = events;
    }

    /** Whether the answer is an event stream into which an event can be put: of no given length, and not compressed. */
    static boolean canSpeakIn(ResponseHead head) {
        return head.isEventStream()
                && head.contentLength() == ResponseHead.UNKNOWN
                && !head.headers().contains("Content-Encoding");
    }

    /** Watches over the stream that begins with {@code head}; returns the way to write it. */
    static Downstream attach(Exchange exchange, ResponseHead head, BackendEvents events) {
        head.headers().set("x-accel-buffering", "no");
        if (!head.headers().contains("Cache-Control")) {
            head.headers().set("Cache-Control", "no-cache");
        }
        return exchange.filterResponse(new EventStreamGuard(exchange, events));
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        int end = part.writerIndex();
        int length = part.readableBytes();
        for (int i = Math.max(0, length - 4); i < length; i++) {
            lastBytes = (lastBytes << 8) | (part.getByte(end - length + i) & 0xff);
        }
        if (length > 0) {
            long now = System.nanoTime();
            if (lastPartNanos != 0) {
                events.streamGap(now - lastPartNanos);
            }
            lastPartNanos = now;
            atBoundary = (lastBytes & 0xffff) == 0x0a0a || (lastBytes & 0xffffff) == 0x0a0d0a;
        }
        next.writeBody(part, last);
    }

    @Override
    public void onFailure(GatewayException failure, Downstream next) {
        if (atBoundary) {
            next.writeBody(Unpooled.wrappedBuffer(exchange.route().dialect().event(failure, exchange.id())), false);
        }
        next.fail(failure);
    }
}

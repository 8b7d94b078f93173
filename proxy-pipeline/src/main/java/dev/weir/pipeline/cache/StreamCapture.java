package dev.weir.pipeline.cache;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Reads a streamed answer on its way to the client and keeps it, put together, if it is whole. Passes on what the cache itself
 * answered. Runs on the event loop.
 */
final class StreamCapture implements ResponseFilter {
    private final Exchange exchange;
    private final Place place;
    private @Nullable StreamAssembler assembler;
    private String model = "";
    private volatile boolean fromCache;

    StreamCapture(Exchange exchange, Place place) {
        this.exchange = exchange;
        this.place = place;
    }

    /** The cache answers after all. Any thread, before the answer. */
    void fromCache() {
        fromCache = true;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        if (fromCache) {
            place.figures().hit();
        } else {
            place.figures().miss();
            head.headers().set(CachedAnswer.RESULT, "miss");
            if (head.isEventStream() && CaptureRules.allow(head, exchange)) {
                assembler = new StreamAssembler(place.call(), place.maxEntryBytes());
                model = CaptureRules.field(head, CachedAnswer.MODEL);
            }
        }
        next.writeHead(head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        StreamAssembler reading = assembler;
        if (reading != null) {
            reading.add(part);
            if (last) {
                keep(reading.assembled());
            }
        }
        next.writeBody(part, last);
    }

    private void keep(byte @Nullable [] body) {
        if (body != null
                && body.length <= place.maxEntryBytes()
                && AnswerCheck.isWhole(place.call(), body, place.question().seeded())) {
            place.keep(body, "application/json", model);
        }
    }
}

package dev.weir.pipeline.usage;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.TokenUsage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Stands where the usage middleware stands in the chain: takes the event out that the client did not ask for, when caches and
 * shapers behind it have seen it, and records the exchange when it is over, however it was answered.
 */
final class UsageFilter implements ResponseFilter {
    private final Exchange exchange;
    private final TokenUsage usage;
    private final TokenCounter counter;
    private final UsageRecorder recorder;
    private @Nullable UsageEventRemover remover;
    private boolean cacheHit;

    UsageFilter(Exchange exchange, TokenUsage usage, TokenCounter counter, UsageRecorder recorder) {
        this.exchange = exchange;
        this.usage = usage;
        this.counter = counter;
        this.recorder = recorder;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        cacheHit = head.headers().containsToken("x-weir-cache", "hit");
        boolean mayTell = usage.isWanted() && head.isEventStream() && !cacheHit;
        if (mayTell && !head.headers().contains("Content-Encoding")) {
            remover = new UsageEventRemover();
            next.writeHead(
                    head.contentLength() == ResponseHead.UNKNOWN || !usage.wasRequested()
                            ? head
                            : head.withContentLength(ResponseHead.UNKNOWN));
            return;
        }
        next.writeHead(head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        UsageEventRemover removing = remover;
        if (removing != null && usage.wasRequested()) {
            removing.add(part, last, counter.isTold(), next);
        } else {
            next.writeBody(part, last);
        }
    }

    @Override
    public void onFailure(GatewayException failure, Downstream next) {
        if (remover != null) {
            remover.giveUp(next);
        }
        next.fail(failure);
    }

    @Override
    public void onEnd(Outcome outcome) {
        if (remover != null) {
            remover.release();
        }
        recorder.record(exchange, usage, outcome, cacheHit);
    }
}

package dev.weir.pipeline.limit;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a request took and settles it once, when the exchange is over or, if the grant comes later than that, at once.
 * Tells the client how its buckets stand. Runs on the event loop.
 */
final class LimitFilter implements ResponseFilter {
    private final Exchange exchange;
    private final Demand demand;
    private @Nullable Standing standing;
    private Decision.@Nullable Grant grant;
    private boolean hit;
    private int status;
    private boolean ended;

    LimitFilter(Exchange exchange, Demand demand) {
        this.exchange = exchange;
        this.demand = demand;
    }

    /** It is decided; a decision that comes after the end gives everything back. */
    void decided(Decision decision) {
        standing = decision.standing();
        if (decision instanceof Decision.Granted granted) {
            if (ended) {
                granted.grant().settle(0);
            } else {
                grant = granted.grant();
            }
        }
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        status = head.status();
        hit = head.headers().containsToken("x-weir-cache", "hit");
        if (standing != null) {
            LimitHeaders.write(head.headers(), standing);
        }
        next.writeHead(head);
    }

    @Override
    public void onEnd(Outcome outcome) {
        ended = true;
        Decision.Grant held = grant;
        if (held != null) {
            grant = null;
            held.settle(tokens());
        }
    }

    /** What was taken really; what nobody counted is what was estimated, unless there was no answer to count. */
    private long tokens() {
        if (hit) {
            return 0;
        }
        TokenUsage usage = exchange.get(TokenUsage.KEY);
        if (usage != null) {
            return usage.totalTokens();
        }
        return status >= 400 ? 0 : demand.tokens();
    }
}

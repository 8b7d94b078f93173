package dev.weir.pipeline.cache;

import dev.weir.core.Downstream;
import dev.weir.core.Headers;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;

/**
 * Says of what a backend answers on a route of which nothing is ever kept that the cache had no part in it, so that clients find
 * the field on every such answer. What Weir says itself is left as it is. Not counted: nobody could have had a hit. Exchanges
 * share one; runs on the event loop.
 */
final class OutsideFilter implements ResponseFilter {
    static final OutsideFilter INSTANCE = new OutsideFilter();

    private static final String BACKEND = "x-weir-backend";

    private OutsideFilter() {}

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        Headers headers = head.headers();
        // A stream that begins before anybody has answered names the model alone.
        if (headers.contains(BACKEND) || headers.contains(CachedAnswer.MODEL)) {
            headers.set(CachedAnswer.RESULT, "bypass");
        }
        next.writeHead(head);
    }
}

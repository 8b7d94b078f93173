package dev.weir.pipeline.cache;

import dev.weir.core.Downstream;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;

/** Says that the cache had no part in an answer. Exchanges share one; runs on the event loop. */
final class BypassFilter implements ResponseFilter {
    private final CacheFigures.OfKind figures;

    BypassFilter(CacheFigures.OfKind figures) {
        this.figures = figures;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        figures.bypass();
        head.headers().set(CachedAnswer.RESULT, "bypass");
        next.writeHead(head);
    }
}

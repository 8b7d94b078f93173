package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.cache.CacheStatistics;
import dev.weir.pipeline.cache.ResponseCache;

/** {@code /management/cache}: what the cache holds and does, and how to empty it. Answers from memory. */
public final class CacheEndpoints {
    private final ResponseCache cache;

    public CacheEndpoints(ResponseCache cache) {
        this.cache = cache;
    }

    /** The figures of this process since it began, for each kind of answers. */
    public void statistics(Exchange exchange, Downstream downstream) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("store", cache.isShared() ? "redis" : "memory");
        if (cache.isShared()) {
            answer.put("store_up", cache.isStoreUp());
        }
        for (CacheStatistics figures : cache.statistics()) {
            answer.putObject(figures.kind().label())
                    .put("entries", figures.entries())
                    .put("bytes", figures.bytes())
                    .put("hits", figures.hits())
                    .put("shared", figures.shared())
                    .put("misses", figures.misses())
                    .put("bypasses", figures.bypasses())
                    .put("hit_rate", figures.hitRate())
                    .put("evictions", figures.evictions());
        }
        downstream.respond(LocalResponse.json(200, answer.toString()));
    }

    /** Forgets every answer, on all instances that share a store. */
    public void clear(Exchange exchange, Downstream downstream) {
        long entries =
                cache.statistics().stream().mapToLong(CacheStatistics::entries).sum();
        cache.clear();
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("cleared", true).put("entries", entries);
        downstream.respond(LocalResponse.json(200, answer.toString()));
    }
}

package dev.weir.pipeline.cache;

import dev.weir.core.Meters;
import java.util.concurrent.atomic.LongAdder;

/** What the cache did since the process began, for each kind of answers. Any thread. */
final class CacheFigures {
    private final OfKind embeddings;
    private final OfKind responses;

    CacheFigures(Meters meters) {
        Meters.Counter requests = meters.counter(
                "weir_cache_requests", "Answers of cacheable routes, by whether the cache gave them", "kind", "result");
        embeddings = new OfKind(AnswerKind.EMBEDDINGS, requests);
        responses = new OfKind(AnswerKind.RESPONSES, requests);
        meters.gauge("weir_cache_entries", "Answers kept in memory", () -> embeddings.entries() + responses.entries());
        meters.gauge(
                "weir_cache_bytes",
                "Memory taken by kept answers, in bytes",
                () -> embeddings.bytes() + responses.bytes());
    }

    OfKind of(AnswerKind kind) {
        return kind == AnswerKind.EMBEDDINGS ? embeddings : responses;
    }

    /** The figures of one kind. */
    static final class OfKind {
        private final AnswerKind kind;
        private final Meters.Counter hitCounter;
        private final Meters.Counter sharedCounter;
        private final Meters.Counter missCounter;
        private final Meters.Counter bypassCounter;
        private final LongAdder hits = new LongAdder();
        private final LongAdder shared = new LongAdder();
        private final LongAdder misses = new LongAdder();
        private final LongAdder bypasses = new LongAdder();
        private final LongAdder evictions = new LongAdder();
        private final LongAdder entries = new LongAdder();
        private final LongAdder bytes = new LongAdder();

        private OfKind(AnswerKind kind, Meters.Counter requests) {
            this.kind = kind;
            this.hitCounter = requests.labels(kind.label(), "hit");
            this.sharedCounter = requests.labels(kind.label(), "shared");
            this.missCounter = requests.labels(kind.label(), "miss");
            this.bypassCounter = requests.labels(kind.label(), "bypass");
        }

        /** A kept answer was given. */
        void hit() {
            hits.increment();
            hitCounter.increment();
        }

        /** The answer to another request, in flight at the same time, was given. */
        void sharedAnswer() {
            shared.increment();
            sharedCounter.increment();
        }

        /** A backend was asked. */
        void miss() {
            misses.increment();
            missCounter.increment();
        }

        /** The cache had no part in it. */
        void bypass() {
            bypasses.increment();
            bypassCounter.increment();
        }

        void added(int weight) {
            entries.increment();
            bytes.add(weight);
        }

        void removed(int weight, boolean evicted) {
            entries.decrement();
            bytes.add(-weight);
            if (evicted) {
                evictions.increment();
            }
        }

        long entries() {
            return entries.sum();
        }

        long bytes() {
            return bytes.sum();
        }

        CacheStatistics statistics() {
            return new CacheStatistics(
                    kind, entries(), bytes(), hits.sum(), shared.sum(), misses.sum(), bypasses.sum(), evictions.sum());
        }
    }
}

package dev.weir.pipeline.cache;

import dev.weir.pipeline.cache.CacheSettings.Answers;

/**
 * Where the answer to one exchange's question belongs, and what it must be to be kept there.
 *
 * @param epoch when the question was asked, see {@link ResponseCache#epoch}
 */
record Place(
        ResponseCache cache,
        CacheStore store,
        CacheableCall call,
        Question question,
        Answers settings,
        int maxEntryBytes,
        long epoch) {

    CacheFigures.OfKind figures() {
        return cache.figures(call.kind());
    }

    /** Makes an entry of a whole answer and keeps it. Takes {@code body}: nobody changes it any more. */
    CachedAnswer keep(byte[] body, String contentType, String model) {
        long now = System.currentTimeMillis();
        CachedAnswer answer = new CachedAnswer(
                call.kind(), body, contentType, model, now, now + settings.ttl().toMillis());
        if (cache.put(question.key(), answer, epoch)) {
            store.put(settings.prefix(), question.key(), answer);
        }
        return answer;
    }
}

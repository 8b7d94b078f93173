package dev.weir.pipeline.cache;

import dev.weir.core.LocalResponse;
import dev.weir.pipeline.cache.CacheSettings.Answers;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where the answer to one exchange's question belongs, and what it must be to be kept there.
 *
 * @param epoch when the question was asked, see {@link ResponseCache#epoch}
 * @param includeUsage whether the usage is wanted at the end of a stream
 */
record Place(
        ResponseCache cache,
        CacheStore store,
        CacheableCall call,
        Question question,
        Answers settings,
        int maxEntryBytes,
        long epoch,
        boolean includeUsage) {

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

    /** Looks behind the memory; what is found there is in memory from now on. */
    CompletionStage<@Nullable CachedAnswer> findInStore() {
        return store.find(settings.prefix(), question.key()).thenApply(found -> {
            if (found == null || found.kind() != call.kind()) {
                return null;
            }
            cache.put(question.key(), found, epoch);
            return found;
        });
    }

    /** {@code answer} in the form that was asked for; null when it cannot be told so. */
    @Nullable
    LocalResponse response(CachedAnswer answer, boolean stream) {
        if (!stream) {
            return answer.response();
        }
        byte[] events = StreamReplay.events(call, answer.body(), includeUsage);
        return events == null ? null : answer.stream(events);
    }
}

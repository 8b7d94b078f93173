package dev.weir.pipeline.cache;

import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.core.Middleware;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.IncludeUsage;
import dev.weir.core.Route.Access;
import dev.weir.core.Verdict;
import dev.weir.pipeline.cache.CacheSettings.Answers;
import dev.weir.pipeline.cache.CacheSettings.Scope;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Answers what was answered before. A request is known by its raw bytes, or by what it asks however it is written; what is
 * not known is asked once, however many ask it at the same time. A sender who may not use the model has been refused before:
 * that is done where the body is read. Thread-safe.
 */
final class CacheMiddleware implements Middleware {
    private final CacheSettings settings;
    private final ResponseCache cache;
    private final CacheStore store;
    private final ModelProfiles models;
    private final int maxEntryBytes;
    private final BypassFilter embeddingsBypass;
    private final BypassFilter responsesBypass;

    CacheMiddleware(CacheSettings settings, ResponseCache cache, CacheStore store, ModelProfiles models) {
        this.settings = settings;
        this.cache = cache;
        this.store = store;
        this.models = models;
        this.maxEntryBytes = (int) settings.maxEntry().bytes();
        this.embeddingsBypass = new BypassFilter(cache.figures(AnswerKind.EMBEDDINGS));
        this.responsesBypass = new BypassFilter(cache.figures(AnswerKind.RESPONSES));
    }

    @Override
    public boolean needsBody() {
        return true;
    }

    @Override
    public boolean needsBody(Exchange exchange) {
        CacheableCall call = CacheableCall.of(exchange);
        return call != null && mayBeKept(exchange, call);
    }

    /** As far as its head tells. */
    private boolean mayBeKept(Exchange exchange, CacheableCall call) {
        return settings.of(call.kind()).enabled()
                && !exchange.request().headers().containsToken("Cache-Control", "no-store");
    }

    @Override
    public Verdict onRequest(Exchange exchange) {
        CacheableCall call = CacheableCall.of(exchange);
        if (call == null) {
            if (exchange.route().access() == Access.CLIENT) {
                exchange.filterResponse(OutsideFilter.INSTANCE);
            }
            return Verdict.PROCEED;
        }
        ModelRequest request = exchange.get(ModelRequest.KEY);
        Question question = mayBeKept(exchange, call) && request != null ? question(exchange, call, request) : null;
        if (question == null || request == null) {
            exchange.filterResponse(call.kind() == AnswerKind.EMBEDDINGS ? embeddingsBypass : responsesBypass);
            return Verdict.PROCEED;
        }
        Place place = new Place(
                cache,
                store,
                call,
                question,
                settings.of(call.kind()),
                maxEntryBytes,
                cache.epoch(),
                request.asksForUsage());
        boolean stream = request.stream() && call.kind() == AnswerKind.RESPONSES;
        if (isRefresh(exchange.request().headers())) {
            exchange.filterResponse(
                    stream ? new StreamCapture(exchange, place) : new AnswerCapture(exchange, place, null));
            return Verdict.PROCEED;
        }
        CachedAnswer answer = cache.find(question.key());
        if (answer != null) {
            LocalResponse response = place.response(answer, stream);
            if (response != null) {
                place.figures().hit();
                return Verdict.respond(response);
            }
        }
        return stream ? streamMiss(exchange, place) : miss(exchange, place);
    }

    private static boolean isRefresh(Headers headers) {
        return headers.containsToken("Cache-Control", "no-cache")
                || headers.containsToken("Cache-Control", "max-age=0");
    }

    private @Nullable Question question(Exchange exchange, CacheableCall call, ModelRequest request) {
        ByteBuf body = exchange.body();
        if (!request.json() || isUsageUnclear(request) || body.readableBytes() > QuestionReader.MAX_BODY_BYTES) {
            return null;
        }
        ModelProfile profile = models.of(request.model());
        CacheKey context = context(exchange, call, profile);
        CacheKey raw = Digester.begin().key(context).tag('R').bytes(body).finish();
        Question known = cache.questionOf(raw);
        if (known != null) {
            return known;
        }
        Question read = QuestionReader.read(call, context, body, profile);
        if (read != null && cache.find(read.key()) != null) {
            // Most questions are asked once; one that is asked again is read for the last time.
            cache.remember(raw, read);
        }
        return read;
    }

    /** Whether some backends would tell the usage at the end of the stream, and others not. */
    private static boolean isUsageUnclear(ModelRequest request) {
        return request.streamOptions() != null && request.streamOptions().includeUsage() == IncludeUsage.UNKNOWN;
    }

    /** Whatever tells two answers apart and does not stand in the body. */
    private CacheKey context(Exchange exchange, CacheableCall call, ModelProfile profile) {
        Answers answers = settings.of(call.kind());
        Identity identity = answers.scope() == Scope.KEY ? exchange.get(Identity.KEY) : null;
        return Digester.begin()
                .tag('W')
                .text(call.name())
                .text(answers.scope() == Scope.ALL ? "*" : identity == null ? "" : "=" + identity.id())
                .text(wantedForm(exchange.request().headers()))
                .text(exchange.request().query())
                .number(profile.defaults().hashCode())
                .number(profile.caps().hashCode())
                .number(profile.drops().hashCode())
                .finish();
    }

    /** What {@code Accept} says, unless it is what everybody says. */
    private static String wantedForm(Headers headers) {
        String accept = headers.get("Accept");
        if (accept == null
                || accept.equals("*/*")
                || accept.equalsIgnoreCase("application/json")
                || accept.equalsIgnoreCase("text/event-stream")) {
            return "";
        }
        return accept;
    }

    private Verdict miss(Exchange exchange, Place place) {
        Seat seat = cache.flights().join(place.question().key(), exchange);
        exchange.filterResponse(new AnswerCapture(exchange, place, seat));
        if (seat.role() != Seat.Role.LEADING) {
            return Verdict.await(seat.verdict());
        }
        // Somebody may have come to an answer between the look and the seat.
        CachedAnswer answer = cache.find(place.question().key());
        if (answer != null) {
            seat.answered(answer);
            return Verdict.respond(answer.response());
        }
        if (!store.isUp()) {
            return Verdict.PROCEED;
        }
        return Verdict.await(place.findInStore().thenApply(found -> {
            if (found == null) {
                return Verdict.PROCEED;
            }
            seat.answered(found);
            return Verdict.respond(found.response());
        }));
    }

    /** Streams are not shared while they run: each client would wait for the slowest. */
    private Verdict streamMiss(Exchange exchange, Place place) {
        StreamCapture capture = new StreamCapture(exchange, place);
        exchange.filterResponse(capture);
        if (!store.isUp()) {
            return Verdict.PROCEED;
        }
        return Verdict.await(place.findInStore().thenApply(found -> {
            LocalResponse response = found == null ? null : place.response(found, true);
            if (response == null) {
                return Verdict.PROCEED;
            }
            capture.fromCache();
            return Verdict.respond(response);
        }));
    }
}

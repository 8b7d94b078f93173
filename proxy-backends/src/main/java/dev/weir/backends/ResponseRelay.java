package dev.weir.backends;

import dev.weir.backends.translate.Translation;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.ModelRequest;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's way back to the client: says who answers, has a stream guarded, has what was asked in another API told in
 * the client's. Runs on the event loop of its exchange.
 */
final class ResponseRelay {
    private final Exchange exchange;
    private final StreamFormat format;
    private final BackendEvents events;
    private final EventStreamGuard.Source source;
    private Downstream downstream;
    private boolean guarded;

    /**
     * @param format what a stream consists of
     * @param source whose answer it is, to be asked and told by who guards a stream
     */
    ResponseRelay(
            Exchange exchange,
            Downstream downstream,
            StreamFormat format,
            BackendEvents events,
            EventStreamGuard.Source source) {
        this.exchange = exchange;
        this.downstream = downstream;
        this.format = format;
        this.events = events;
        this.source = source;
    }

    /** Where the client is told what is no answer of a backend. */
    Downstream downstream() {
        return downstream;
    }

    /** Has a client that waits for a stream's first token hear of Weir, if it asked for a stream that has comments. */
    void beatEvery(long heartbeatMillis) {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (heartbeatMillis > 0 && request != null && request.stream() && format.hasComments()) {
            Downstream client = downstream;
            guard().beatEvery(heartbeatMillis, client);
        }
    }

    /** Has the answer guarded on its way to the client. */
    private EventStreamGuard guard() {
        EventStreamGuard guard = new EventStreamGuard(exchange, format, events, source);
        downstream = exchange.filterResponse(guard);
        guarded = true;
        return guard;
    }

    /**
     * Begins the answer.
     *
     * @param head as the backend sent it
     * @param group who answers
     * @param translation what the backend was asked with, or null if it was asked as the client asks
     */
    void begin(ResponseHead head, Backend backend, @Nullable BackendGroup group, @Nullable Translation translation) {
        name(head.headers(), backend, group);
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (translation == null || request == null) {
            guardIfStream(head);
            downstream.writeHead(head);
            return;
        }
        var told = translation.answer(exchange, head, request.model());
        ResponseHead toldHead = translation.head(head);
        guardIfStream(toldHead);
        downstream = exchange.filterResponse(told);
        downstream.writeHead(toldHead);
    }

    /** Says in {@code headers} who answers, as far as that is known. */
    static void name(Headers headers, @Nullable Backend backend, @Nullable BackendGroup group) {
        if (backend != null) {
            headers.set("x-weir-backend", backend.fields().shownName());
        }
        if (group != null) {
            headers.set("x-weir-model", group.shownName());
        }
    }

    private void guardIfStream(ResponseHead head) {
        if (!guarded && EventStreamGuard.canSpeakIn(head, format)) {
            guard();
        }
    }

    /** A part of the body. Takes {@code part}. */
    void body(ByteBuf part, boolean last) {
        downstream.writeBody(part, last);
    }

    /** Makes what was written leave; returns whether the client takes more now. */
    boolean flush() {
        downstream.flush();
        return downstream.isWritable();
    }

    void fail(GatewayException failure) {
        downstream.fail(failure);
    }
}

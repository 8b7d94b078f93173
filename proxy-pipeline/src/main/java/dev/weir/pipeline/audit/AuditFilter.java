package dev.weir.pipeline.audit;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.ModelRequest;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.Route.Access;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Notes what passes of one answer, copies as much of it as is to be kept, and hands on a record at the end. */
final class AuditFilter implements ResponseFilter {
    private static final int FIRST_BYTES = 2 * 1024;
    private static final int CLIENT_ERROR = 400;
    private static final int SERVER_ERROR = 500;

    private final Exchange exchange;
    private final AuditWriter writer;
    private final Redaction redaction;
    private final int maxBodyBytes;
    private final boolean reserved;
    private @Nullable BodyCopy answer;
    private boolean stream;
    private String cache = "";

    /**
     * @param maxBodyBytes how much of a body is kept; 0 for nothing
     * @param reserved whether a place in the writer's queue is taken already
     */
    AuditFilter(Exchange exchange, AuditWriter writer, Redaction redaction, int maxBodyBytes, boolean reserved) {
        this.exchange = exchange;
        this.writer = writer;
        this.redaction = redaction;
        this.maxBodyBytes = maxBodyBytes;
        this.reserved = reserved;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        stream = head.isEventStream() || head.isJsonLines();
        String result = head.headers().get("x-weir-cache");
        cache = result == null ? "" : result;
        if (maxBodyBytes > 0 && MediaTypes.isReadable(head)) {
            long expected = head.contentLength() > 0 ? head.contentLength() : FIRST_BYTES;
            answer = new BodyCopy(maxBodyBytes, (int) Math.min(expected, maxBodyBytes), writer.bodyBytes());
        }
        next.writeHead(head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        if (answer != null) {
            answer.add(part);
        }
        next.writeBody(part, last);
    }

    @Override
    public void onEnd(Outcome outcome) {
        Progress progress = exchange.progress();
        if (exchange.route().access() == Access.OPEN && !isRefused(progress.status())) {
            if (answer != null) {
                answer.release();
            }
            return;
        }
        BodyCopy question = question();
        RequestFacts facts = question == null || question.isCut() ? scan() : RequestFacts.NONE;
        writer.add(
                new AuditRecord(exchange, progress, outcome, redaction, facts, question, answer, stream, cache),
                reserved);
    }

    private static boolean isRefused(int status) {
        return status >= CLIENT_ERROR && status < SERVER_ERROR;
    }

    /** The request's body, if somebody had it collected and it can be read. */
    private @Nullable BodyCopy question() {
        if (maxBodyBytes == 0 || !exchange.isBodyCollected()) {
            return null;
        }
        ByteBuf body = exchange.body();
        if (!body.isReadable() || !MediaTypes.isReadable(exchange, body)) {
            return null;
        }
        BodyCopy copy = new BodyCopy(maxBodyBytes, Math.min(body.readableBytes(), maxBodyBytes), writer.bodyBytes());
        copy.add(body);
        return copy;
    }

    /** What the writer could not read from a copy. */
    private RequestFacts scan() {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        return request != null
                        && request.json()
                        && exchange.isBodyCollected()
                        && Chats.isChat(exchange.request().path())
                ? RequestFacts.scan(exchange.body())
                : RequestFacts.NONE;
    }
}

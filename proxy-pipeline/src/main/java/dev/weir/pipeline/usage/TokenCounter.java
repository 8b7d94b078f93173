package dev.weir.pipeline.usage;

import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.ModelRequest;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.TokenUsage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Counts the tokens of what an endpoint answers: sees the answer before anybody changes it, and changes nothing. Settles the
 * {@link TokenUsage} with the last part, or first of all when the exchange ends without one.
 */
final class TokenCounter implements ResponseFilter {
    /** Of a text in English, as a rule of thumb. */
    private static final int BYTES_PER_TOKEN = 4;

    private final Exchange exchange;
    private final TokenUsage usage;
    private @Nullable AnswerScan scan;
    private boolean stream;
    private int status;
    private long bytes;
    private boolean settled;

    TokenCounter(Exchange exchange, TokenUsage usage) {
        this.exchange = exchange;
        this.usage = usage;
    }

    /** Whether the backend has told its usage in what passed so far. */
    boolean isTold() {
        return scan != null && scan.reported().isSaid();
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        status = head.status();
        String type = head.headers().get("Content-Type");
        if (status < 300 && type != null && !head.headers().contains("Content-Encoding")) {
            stream = head.isEventStream() || is("application/x-ndjson", type);
            if ((stream || is("application/json", type))
                    && exchange.request().method().equals("POST")) {
                scan = new AnswerScan();
            }
        }
        next.writeHead(head);
    }

    private static boolean is(String expected, String type) {
        return type.regionMatches(true, 0, expected, 0, expected.length());
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        AnswerScan looking = scan;
        if (looking != null) {
            bytes += part.readableBytes();
            looking.add(part);
            if (last) {
                settle(looking, true);
            }
        }
        next.writeBody(part, last);
    }

    @Override
    public void onEnd(Outcome outcome) {
        AnswerScan looking = scan;
        if (settled) {
            return;
        }
        if (looking != null) {
            settle(looking, false);
        } else if (status == 0 && wasSent()) {
            usage.estimated(promptEstimate(), 0);
        }
    }

    private boolean wasSent() {
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        return dispatch != null && dispatch.sentNanos() != 0;
    }

    private void settle(AnswerScan seen, boolean complete) {
        settled = true;
        ReportedUsage reported = seen.reported();
        long pieces = stream ? seen.pieces() : piecesOfWhole(seen);
        boolean upToDate = complete || reported.completionTokens() >= pieces;
        if (reported.isSaid() && reported.saysPrompt() && upToDate) {
            usage.reported(reported.promptTokens(), reported.completionTokens(), reported.cachedTokens());
        } else if (reported.isSaid()) {
            usage.estimated(
                    reported.saysPrompt() ? reported.promptTokens() : promptEstimate(),
                    complete ? reported.completionTokens() : Math.max(reported.completionTokens(), pieces));
        } else if (isOfTokens(seen)) {
            usage.estimated(promptEstimate(), pieces);
        }
    }

    /** Whether an answer without a report took tokens at all: Ollama also loads and unloads models when asked for nothing. */
    private boolean isOfTokens(AnswerScan seen) {
        return seen.pieces() > 0 || (stream && !seen.isDone() && bytes > 0) || isOfEmbeddings();
    }

    private boolean isOfEmbeddings() {
        String path = exchange.request().path();
        return path.endsWith("/embeddings") || path.endsWith("/embed");
    }

    private long piecesOfWhole(AnswerScan seen) {
        return seen.pieces() == 0 || isOfEmbeddings() ? 0 : Math.max(1, bytes / BYTES_PER_TOKEN);
    }

    private long promptEstimate() {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        return request != null && request.json()
                ? Math.max(1, exchange.progress().requestBytes() / BYTES_PER_TOKEN)
                : 0;
    }
}

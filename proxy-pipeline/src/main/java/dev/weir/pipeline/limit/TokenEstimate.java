package dev.weir.pipeline.limit;

import dev.weir.core.Exchange;
import dev.weir.core.ModelRequest;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * What a request may take, from its body: four bytes a token for what is sent, and as many for the answer as it says at most.
 * It looks for the name of that parameter anywhere in the body: what it finds in the wrong place makes the estimate worse, and
 * the answer puts that right. Runs on the event loop; borrows the body.
 */
final class TokenEstimate {
    /** Of a text in English, as a rule of thumb. */
    private static final int BYTES_PER_TOKEN = 4;

    /** For an answer of which nothing is said. */
    static final int UNSAID_ANSWER = 500;

    /** More is not reserved, whatever is asked for. */
    static final int MAX_ANSWER = 32_768;

    /** Looked at in one body: a text full of them must not hold up an event loop. */
    private static final int MAX_PLACES = 10_000;

    private static final byte[][] NAMES = {
        name("max_tokens"), name("max_completion_tokens"), name("max_output_tokens"), name("num_predict")
    };

    private TokenEstimate() {}

    private static byte[] name(String name) {
        return ('"' + name + '"').getBytes(StandardCharsets.US_ASCII);
    }

    /** 0 for a request that names no model. */
    static long of(Exchange exchange) {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (request == null) {
            return 0;
        }
        ByteBuf body = exchange.body();
        if (!request.json()) {
            return UNSAID_ANSWER;
        }
        return 1 + body.readableBytes() / BYTES_PER_TOKEN + answer(exchange, body);
    }

    private static long answer(Exchange exchange, ByteBuf body) {
        String path = exchange.request().path();
        if (path.endsWith("/embeddings") || path.endsWith("/embed")) {
            return 0;
        }
        int end = body.writerIndex();
        int left = MAX_PLACES;
        for (int at = body.indexOf(body.readerIndex(), end, (byte) '_');
                at >= 0 && left-- > 0;
                at = body.indexOf(at + 1, end, (byte) '_')) {
            for (byte[] name : NAMES) {
                long said = numberAfter(body, at - 4, name);
                if (said >= 0) {
                    return Math.min(said, MAX_ANSWER);
                }
            }
        }
        return UNSAID_ANSWER;
    }

    /** The number that {@code name}, if it begins at {@code start}, is followed by; else -1. */
    private static long numberAfter(ByteBuf body, int start, byte[] name) {
        int end = body.writerIndex();
        if (start < body.readerIndex() || start + name.length >= end) {
            return -1;
        }
        for (int i = 0; i < name.length; i++) {
            if (body.getByte(start + i) != name[i]) {
                return -1;
            }
        }
        int at = afterSpace(body, start + name.length);
        if (at >= end || body.getByte(at) != ':') {
            return -1;
        }
        at = afterSpace(body, at + 1);
        long number = -1;
        for (; at < end && body.getByte(at) >= '0' && body.getByte(at) <= '9'; at++) {
            number = Math.min(Math.max(number, 0) * 10 + body.getByte(at) - '0', MAX_ANSWER);
        }
        return number;
    }

    private static int afterSpace(ByteBuf body, int start) {
        int at = start;
        while (at < body.writerIndex() && (body.getByte(at) == ' ' || body.getByte(at) == '\n')) {
            at++;
        }
        return at;
    }
}

package dev.weir.backends.embeddings;

import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The texts of one request, each to be asked for alone.
 *
 * @param body the request's body; borrowed
 * @param request what is known of it
 * @param texts where the texts stand, with their quotes
 * @param others members that every part carries as well
 * @param base64 whether the embeddings are wanted as base64
 */
record Parts(ByteBuf body, ModelRequest request, List<Span> texts, List<Span> others, boolean base64) {
    private static final byte[] MODEL = "{\"model\":".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PROMPT = ",\"prompt\":".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "}".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] COMMA = ",".getBytes(StandardCharsets.US_ASCII);

    int size() {
        return texts.size();
    }

    /** The body that asks for one text, sharing the bytes of the whole. The caller releases it. */
    ByteBuf body(int index) {
        CompositeByteBuf part = PooledByteBufAllocator.DEFAULT.compositeBuffer(5 + 2 * others.size());
        part.addComponent(true, Unpooled.wrappedBuffer(MODEL));
        part.addComponent(true, shared(request.modelSpan()));
        part.addComponent(true, Unpooled.wrappedBuffer(PROMPT));
        part.addComponent(true, shared(texts.get(index)));
        for (Span other : others) {
            part.addComponent(true, Unpooled.wrappedBuffer(COMMA));
            part.addComponent(true, shared(other));
        }
        return part.addComponent(true, Unpooled.wrappedBuffer(END));
    }

    private ByteBuf shared(Span span) {
        return body.retainedSlice(body.readerIndex() + span.start(), span.length());
    }

    /** Where every part says {@code "prompt"}. */
    Span promptName() {
        return new Span(MODEL.length + request.modelSpan().length() + 1, PROMPT.length - 2);
    }

    /** What is known of every part's body. */
    ModelRequest partRequest() {
        return new ModelRequest(
                request.model(), new Span(MODEL.length, request.modelSpan().length()), true, false, null);
    }

    /** The model's name as the client wrote it, in its quotes. */
    byte[] modelText() {
        byte[] text = new byte[request.modelSpan().length()];
        body.getBytes(body.readerIndex() + request.modelSpan().start(), text);
        return text;
    }

    /** A guess at a text's tokens, for backends that do not count them: four bytes each. */
    long estimatedTokens(int index) {
        return Math.max(1, (texts.get(index).length() - 2 + 3) / 4);
    }
}

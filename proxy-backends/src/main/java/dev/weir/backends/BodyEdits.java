package dev.weir.backends;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.weir.core.JsonEscapes;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/**
 * A request body with some of its bytes replaced, for one attempt; the body itself stays as it came.
 *
 * <p>Runs on the event loop. Borrows the body, which must outlive this object.
 */
final class BodyEdits {
    private final ByteBuf body;
    private final List<Span> spans = new ArrayList<>(2);
    private final List<byte[]> replacements = new ArrayList<>(2);
    private int length;

    /** Begins with the readable bytes of {@code body}, unchanged. */
    BodyEdits(ByteBuf body) {
        this.body = body;
        this.length = body.readableBytes();
    }

    /**
     * Puts {@code replacement} in the place of {@code span}; an empty span inserts. Edits may come in any order; insertions at
     * one place stand in the order in which they came.
     *
     * @throws IllegalArgumentException if the span lies over one replaced before, or ends behind the body
     */
    BodyEdits replace(Span span, byte[] replacement) {
        int index = spans.size();
        while (index > 0 && isBefore(span, spans.get(index - 1))) {
            index--;
        }
        int from = index == 0 ? 0 : spans.get(index - 1).end();
        int to = index == spans.size() ? body.readableBytes() : spans.get(index).start();
        if (span.start() < from || span.length() < 0 || span.length() > to - span.start()) {
            throw new IllegalArgumentException(
                    "span: " + span.start() + "+" + span.length() + " (expected: within " + from + " to " + to + ")");
        }
        spans.add(index, span);
        replacements.add(index, replacement);
        length += replacement.length - span.length();
        return this;
    }

    private static boolean isBefore(Span span, Span other) {
        boolean insertedBefore = other.length() == 0 && other.start() == span.start();
        return other.start() >= span.end() && !insertedBefore;
    }

    /** Whether {@code bytes} stand at {@code span} of the body as it came. */
    boolean holds(Span span, byte[] bytes) {
        boolean same = span.length() == bytes.length;
        int start = body.readerIndex() + span.start();
        for (int i = 0; same && i < bytes.length; i++) {
            same = body.getByte(start + i) == bytes[i];
        }
        return same;
    }

    /** What the string at {@code span} of the body as it came says; the span has its quotes. */
    String textAt(Span span) {
        byte[] octets = new byte[span.length() - 2];
        body.getBytes(body.readerIndex() + span.start() + 1, octets);
        return JsonEscapes.decode(octets);
    }

    /** How many bytes the result has. */
    int length() {
        return length;
    }

    /** Appends a copy of the result to {@code target}: the way for small bodies. Borrows {@code target}. */
    void writeTo(ByteBuf target) {
        int start = body.readerIndex();
        int from = 0;
        for (int i = 0; i < spans.size(); i++) {
            target.writeBytes(body, start + from, spans.get(i).start() - from);
            target.writeBytes(replacements.get(i));
            from = spans.get(i).end();
        }
        target.writeBytes(body, start + from, body.readableBytes() - from);
    }

    /** The result in slices of the body, which it retains: the way for large bodies. The caller releases it. */
    ByteBuf composite(ByteBufAllocator alloc) {
        CompositeByteBuf result = alloc.compositeBuffer(2 * spans.size() + 1);
        int from = 0;
        for (int i = 0; i < spans.size(); i++) {
            addSlice(result, from, spans.get(i).start());
            result.addComponent(true, Unpooled.wrappedBuffer(replacements.get(i)));
            from = spans.get(i).end();
        }
        addSlice(result, from, body.readableBytes());
        return result;
    }

    private void addSlice(CompositeByteBuf result, int from, int to) {
        if (from < to) {
            result.addComponent(true, body.retainedSlice(body.readerIndex() + from, to - from));
        }
    }

    /** {@code text} as a JSON string, in its quotes. */
    static byte[] jsonString(String text) {
        byte[] inner = JsonStringEncoder.getInstance().quoteAsUTF8(text);
        byte[] quoted = new byte[inner.length + 2];
        quoted[0] = '"';
        System.arraycopy(inner, 0, quoted, 1, inner.length);
        quoted[quoted.length - 1] = '"';
        return quoted;
    }
}

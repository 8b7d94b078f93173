package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.core.Downstream;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Tells a stream line by line: each {@code data:} line of an event stream, or each line of JSON. Runs on the event loop. */
final class StreamedAnswer implements ResponseFilter {
    private static final int MAX_LINE_BYTES = 4 * 1024 * 1024;

    private final Telling telling;
    private @Nullable ByteBuf line;

    /** How one API's elements are told in the other. */
    interface Telling {
        /** An element of the backend's stream; what it becomes is appended to {@code out}. */
        void tell(JsonNode element, ByteBuf out);

        /** The backend's stream has said that it is complete. */
        void done(ByteBuf out);

        /** The backend's stream has ended. */
        void end(ByteBuf out);
    }

    StreamedAnswer(Telling telling) {
        this.telling = telling;
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        ByteBuf all = joined(part);
        ByteBuf out = PooledByteBufAllocator.DEFAULT.buffer(1024);
        try {
            lines(all, last, out);
            if (last) {
                telling.end(out);
            }
        } catch (IOException e) {
            out.release();
            next.fail(new GatewayException(GatewayError.BACKEND_FAILED, "the backend's stream cannot be read", e));
            return;
        } finally {
            keep(all);
        }
        if (out.isReadable() || last) {
            next.writeBody(out, last);
        } else {
            out.release();
        }
    }

    private void lines(ByteBuf all, boolean last, ByteBuf out) throws IOException {
        while (all.isReadable()) {
            int newline = all.indexOf(all.readerIndex(), all.writerIndex(), (byte) '\n');
            if (newline < 0 && !last) {
                break;
            }
            int length = (newline < 0 ? all.writerIndex() : newline) - all.readerIndex();
            line(all.readSlice(length), out);
            all.skipBytes(newline < 0 ? 0 : 1);
        }
        if (all.readableBytes() > MAX_LINE_BYTES) {
            throw new IOException("a line of more than " + MAX_LINE_BYTES + " bytes");
        }
    }

    private void line(ByteBuf text, ByteBuf out) throws IOException {
        int start = text.indexOf(text.readerIndex(), text.writerIndex(), (byte) '{');
        int bracket = text.indexOf(text.readerIndex(), text.writerIndex(), (byte) '[');
        if (start >= 0 && (bracket < 0 || start < bracket)) {
            telling.tell(Json.read(text.slice(start, text.writerIndex() - start)), out);
        } else if (bracket >= 0) {
            telling.done(out);
        }
    }

    private ByteBuf joined(ByteBuf part) {
        ByteBuf before = line;
        if (before == null) {
            return part;
        }
        line = null;
        before.discardReadBytes();
        before.writeBytes(part);
        part.release();
        return before;
    }

    /** Keeps the beginning of a line until the rest of it comes. Takes {@code all}. */
    private void keep(ByteBuf all) {
        if (all.isReadable()) {
            ByteBuf rest = PooledByteBufAllocator.DEFAULT.buffer(Math.max(256, all.readableBytes()));
            line = rest.writeBytes(all);
        }
        all.release();
    }

    @Override
    public void onEnd(Outcome outcome) {
        if (line != null) {
            line.release();
            line = null;
        }
    }
}

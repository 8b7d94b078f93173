package dev.weir.backends;

import dev.weir.core.Headers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Sends a request's body to a backend as it comes, framed as its head announced. Runs on the event loop. */
final class RequestStream {
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final BackendConnection connection;
    private final boolean chunked;

    RequestStream(Headers request, BackendConnection connection) {
        this.connection = connection;
        this.chunked = request.contains("Transfer-Encoding");
    }

    /** Takes {@code part}. */
    void write(ByteBuf part, boolean last) {
        connection.writeBody(chunked ? chunk(part, last) : part, last);
    }

    private static ByteBuf chunk(ByteBuf part, boolean last) {
        int length = part.readableBytes();
        if (length == 0) {
            part.release();
            return last ? Unpooled.wrappedBuffer(LAST_CHUNK) : Unpooled.EMPTY_BUFFER;
        }
        ByteBuf head = PooledByteBufAllocator.DEFAULT.directBuffer(16);
        head.writeCharSequence(Integer.toHexString(length) + "\r\n", StandardCharsets.US_ASCII);
        ByteBuf tail = PooledByteBufAllocator.DEFAULT.directBuffer(8).writeShort(0x0d0a);
        if (last) {
            tail.writeBytes(LAST_CHUNK);
        }
        return PooledByteBufAllocator.DEFAULT
                .compositeBuffer(3)
                .addComponent(true, head)
                .addComponent(true, part)
                .addComponent(true, tail);
    }
}

package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes responses to a client connection, in framing of its own making (RFC 9112 section 6).
 *
 * <p>Small parts are copied behind what waits already, so that they leave in one buffer with their framing; large parts
 * travel as they are. Runs on the event loop.
 */
final class ResponseWriter {
    /** Up to here a copy costs less than one more entry in the system call. */
    private static final int COPY_BYTES = 4 * 1024;

    private static final int BUFFER_BYTES = 1024;
    private static final int HAND_OVER_BYTES = 16 * 1024;
    private static final int CRLF = 0x0d0a;
    private static final byte[] LAST_CHUNK = ascii("0\r\n\r\n");
    private static final byte[] CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");
    private static final byte[] OK = ascii("HTTP/1.1 200 OK\r\n");
    private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");

    private enum Framing {
        NONE,
        LENGTH,
        CHUNKED,
        UNTIL_CLOSE
    }

    private final Channel channel;
    private final WriteStall stall;
    private final Flusher flusher;
    private @Nullable ByteBuf out;
    private Framing framing = Framing.NONE;
    private long remaining;

    /** @param stall told of every flush */
    ResponseWriter(Channel channel, WriteStall stall) {
        this.channel = channel;
        this.stall = stall;
        this.flusher = new Flusher(channel, this::flushNow);
    }

    /** Answers {@code Expect: 100-continue}. */
    void writeContinue() {
        buffer(CONTINUE.length).writeBytes(CONTINUE);
        flush();
    }

    /** Whether a response with this head lets the connection live on, as far as its framing goes. */
    static boolean delimits(ResponseHead head, RequestHead request) {
        return !request.http10() || isBodiless(head, request) || head.contentLength() >= 0;
    }

    void writeHead(ResponseHead head, RequestHead request, String requestId, boolean keepAlive) {
        HeadWriter out = HeadWriter.begin();
        if (head.status() == 200) {
            out.bytes(OK);
        } else {
            out.text("HTTP/1.1 ")
                    .number(head.status())
                    .text(" ")
                    .text(head.reason())
                    .endLine();
        }
        if (!writeFields(out, head.headers())) {
            out.field("Date", HttpDate.now());
        }
        out.field("x-request-id", requestId);
        if (!keepAlive) {
            out.bytes(CLOSE);
        } else if (request.http10()) {
            out.bytes(KEEP_ALIVE);
        }
        writeFraming(out, head, request);
        out.endLine();
        out.writeTo(buffer(out.length()));
    }

    private void writeFraming(HeadWriter out, ResponseHead head, RequestHead request) {
        long length = head.contentLength();
        if (length >= 0 && head.status() != 204) {
            out.bytes(CONTENT_LENGTH).number(length).endLine();
        }
        if (isBodiless(head, request)) {
            framing = Framing.NONE;
        } else if (length >= 0) {
            framing = Framing.LENGTH;
            remaining = length;
        } else if (request.http10()) {
            framing = Framing.UNTIL_CLOSE;
        } else {
            framing = Framing.CHUNKED;
            out.bytes(CHUNKED);
        }
    }

    /** Writes all fields but those of the connection; returns whether Date was among them. */
    private static boolean writeFields(HeadWriter out, Headers headers) {
        boolean dated = false;
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            if (HopByHop.contains(name) || (name.length() == 12 && name.equalsIgnoreCase("x-request-id"))) {
                continue;
            }
            dated |= name.length() == 4 && name.equalsIgnoreCase("Date");
            out.field(name, headers.value(i));
        }
        return dated;
    }

    /**
     * Writes a part of the body. Takes {@code part}.
     *
     * @return false if the body does not fit the announced length: the connection must be cut
     */
    boolean writeBody(ByteBuf part, boolean last) {
        int length = part.readableBytes();
        switch (framing) {
            case NONE -> part.release();
            case LENGTH -> {
                remaining -= length;
                if (remaining < 0) {
                    part.release();
                    return false;
                }
                append(part, length);
                return !last || remaining == 0;
            }
            case UNTIL_CLOSE -> append(part, length);
            case CHUNKED -> {
                if (length > 0) {
                    writeChunkHead(buffer(16), length);
                    append(part, length);
                    buffer(8).writeShort(CRLF);
                } else {
                    part.release();
                }
                if (last) {
                    buffer(LAST_CHUNK.length).writeBytes(LAST_CHUNK);
                }
            }
        }
        return true;
    }

    private void append(ByteBuf part, int length) {
        if (length <= COPY_BYTES) {
            buffer(length).writeBytes(part);
            part.release();
        } else {
            handOver();
            channel.write(part, channel.voidPromise());
        }
    }

    private static void writeChunkHead(ByteBuf buffer, int length) {
        int shift = 28;
        while (shift > 0 && length >>> shift == 0) {
            shift -= 4;
        }
        for (; shift >= 0; shift -= 4) {
            int digit = (length >>> shift) & 0xf;
            buffer.writeByte(digit < 10 ? '0' + digit : 'a' - 10 + digit);
        }
        buffer.writeShort(CRLF);
    }

    /** Whether only the end of the connection ends the body being written. */
    boolean endsWithConnection() {
        return framing == Framing.UNTIL_CLOSE;
    }

    /** Whether the client takes more now. */
    boolean isWritable() {
        return channel.isWritable();
    }

    /** Makes everything leave: at the end of the event loop's turn, or at once if the client takes no more. */
    void flush() {
        flusher.flush();
    }

    /** Makes everything leave at once. */
    void flushNow() {
        ByteBuf pending = out;
        if (pending == null) {
            channel.flush();
        } else {
            out = null;
            channel.writeAndFlush(pending, channel.voidPromise());
        }
        stall.watch();
    }

    /** Makes everything leave at once; the future is done when it has. */
    ChannelFuture flushLast() {
        ByteBuf pending = out == null ? channel.alloc().buffer(0) : out;
        out = null;
        ChannelFuture left = channel.writeAndFlush(pending);
        stall.watch();
        return left;
    }

    /** Writes the answer to a request that gets no exchange. */
    void writeRefusal(int status, String detail, boolean head) {
        byte[] refusal = ErrorResponses.refusal(status, detail, RequestId.random(), head);
        buffer(refusal.length).writeBytes(refusal);
    }

    /** Forgets what has not left. */
    void release() {
        if (out != null) {
            out.release();
            out = null;
        }
    }

    private ByteBuf buffer(int more) {
        ByteBuf pending = out;
        if (pending != null && pending.readableBytes() > HAND_OVER_BYTES) {
            handOver();
            pending = null;
        }
        if (pending == null) {
            pending = channel.alloc().directBuffer(Math.max(more, BUFFER_BYTES));
            out = pending;
        }
        return pending;
    }

    private void handOver() {
        if (out != null) {
            channel.write(out, channel.voidPromise());
            out = null;
        }
    }

    /** No body whatever the headers say (RFC 9112 section 6.3). */
    private static boolean isBodiless(ResponseHead head, RequestHead request) {
        return request.isHead() || head.status() == 204 || head.status() == 304;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}

package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * A whole answer made by Weir itself. Whoever is given one takes its body and releases it by writing it or by
 * {@link #release}.
 *
 * @param head the head; its content length is that of the body
 * @param body the body, possibly empty
 */
public record LocalResponse(ResponseHead head, ByteBuf body) {

    /** An answer with its own headers; takes {@code body}. */
    public static LocalResponse of(int status, Headers headers, ByteBuf body) {
        return new LocalResponse(new ResponseHead(status, Reasons.of(status), headers, body.readableBytes()), body);
    }

    /** A JSON answer. */
    public static LocalResponse json(int status, byte[] json) {
        return of(status, new Headers().addValid("Content-Type", "application/json"), Unpooled.wrappedBuffer(json));
    }

    /** A JSON answer. */
    public static LocalResponse json(int status, String json) {
        return json(status, json.getBytes(StandardCharsets.UTF_8));
    }

    /** A plain-text answer in UTF-8. */
    public static LocalResponse text(int status, String text) {
        return of(
                status,
                new Headers().addValid("Content-Type", "text/plain; charset=utf-8"),
                Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** An answer without a body. */
    public static LocalResponse empty(int status) {
        return of(status, new Headers(), Unpooled.EMPTY_BUFFER);
    }

    /** The same answer with one more header. */
    public LocalResponse with(String name, String value) {
        head.headers().set(name, value);
        return this;
    }

    /** Gives the body back unwritten. */
    public void release() {
        body.release();
    }
}

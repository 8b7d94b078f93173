package dev.weir.pipeline.audit;

import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.ModelRequest;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Tells what people can read, and {@link Redaction} too: neither forms, nor audio, nor what is compressed. */
final class MediaTypes {
    private MediaTypes() {}

    static boolean isReadable(ResponseHead head) {
        return isPlain(head.headers()) && isText(head.headers().get("Content-Type"));
    }

    static boolean isReadable(Exchange exchange, ByteBuf body) {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (!isPlain(exchange.request().headers())) {
            return false;
        }
        if (request != null) {
            return request.json();
        }
        byte first = body.getByte(body.readerIndex());
        return first == '{'
                || first == '['
                || isText(exchange.request().headers().get("Content-Type"));
    }

    private static boolean isPlain(Headers headers) {
        String encoding = headers.get("Content-Encoding");
        return encoding == null || encoding.equalsIgnoreCase("identity");
    }

    private static boolean isText(@Nullable String type) {
        if (type == null) {
            return false;
        }
        String lower = type.toLowerCase(Locale.ROOT);
        return lower.startsWith("text/") || lower.contains("json");
    }
}

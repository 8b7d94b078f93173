package dev.weir.backends;

import dev.weir.backends.translate.Translation;
import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.HopByHop;
import dev.weir.core.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes requests to backends: a request line and framing of our own making, the client's fields that are nobody's secret
 * and nobody's hop, and the way the request came (RFC 9110 section 7.6, RFC 7239 by its older names).
 */
final class RequestWriter {
    /** Up to here head and body leave as one copy. */
    private static final int COPY_BYTES = 16 * 1024;

    private static final int HEAD_BYTES = 1024;
    private static final int CRLF = 0x0d0a;

    private RequestWriter() {}

    /**
     * The whole request of an exchange whose body was collected. The caller takes the buffer.
     *
     * @param translation into the API of the target, prepared, or null if that is the client's
     */
    static ByteBuf whole(Exchange exchange, Target target, @Nullable Translation translation) {
        return translation == null ? whole(exchange, target) : translated(exchange, target, translation);
    }

    private static ByteBuf translated(Exchange exchange, Target target, Translation translation) {
        ByteBuf body = translation.request();
        ByteBuf request = PooledByteBufAllocator.DEFAULT.directBuffer(HEAD_BYTES + body.readableBytes());
        writeHead(request, exchange, target.backend(), translation.path(), true);
        writeLength(request, body.readableBytes());
        return request.writeBytes(body);
    }

    private static ByteBuf whole(Exchange exchange, Target target) {
        BodyEdits body = Preparer.of(target.backend().spec().kind()).prepare(exchange, target);
        if (target.backend().spec().kind() == BackendSpec.Kind.OLLAMA
                && UpstreamPath.pathOf(exchange).startsWith("/api/")) {
            target.policy().edit(body, exchange.body(), target.hosted().contextLength());
        }
        ByteBufAllocator alloc = PooledByteBufAllocator.DEFAULT;
        boolean copied = body.length() <= COPY_BYTES;
        ByteBuf head = alloc.directBuffer(copied ? HEAD_BYTES + body.length() : HEAD_BYTES);
        writeHead(head, exchange, target.backend(), UpstreamPath.of(exchange), false);
        writeLength(head, body.length());
        if (copied) {
            body.writeTo(head);
            return head;
        }
        return alloc.compositeBuffer(8).addComponent(true, head).addComponent(true, body.composite(alloc));
    }

    /** The head of a request whose body is streamed behind it by {@link RequestStream}. The caller takes the buffer. */
    static ByteBuf head(Exchange exchange, Target target) {
        ByteBuf head = PooledByteBufAllocator.DEFAULT.directBuffer(HEAD_BYTES);
        writeHead(head, exchange, target.backend(), exchange.request().target(), false);
        Headers headers = exchange.request().headers();
        String length = headers.get("Content-Length");
        if (length != null) {
            writeLength(head, Long.parseLong(length));
        } else if (headers.contains("Transfer-Encoding")) {
            writeField(head, "Transfer-Encoding", "chunked");
            head.writeShort(CRLF);
        } else {
            head.writeShort(CRLF);
        }
        return head;
    }

    /** @param translated whether the body is JSON whatever the client's head says of its own */
    private static void writeHead(ByteBuf out, Exchange exchange, Backend backend, String path, boolean translated) {
        RequestHead request = exchange.request();
        ascii(out, request.method());
        out.writeByte(' ');
        ascii(out, backend.fields().basePath());
        ascii(out, path);
        ascii(out, " HTTP/1.1\r\n");
        ascii(out, backend.fields().lines());
        if (translated) {
            writeField(out, "Content-Type", "application/json");
        }
        writeClientFields(out, request.headers(), backend.spec(), translated);
        writeField(out, "X-Forwarded-For", exchange.forwardedFor());
        writeField(out, "X-Forwarded-Proto", exchange.secure() ? "https" : "http");
        if (!request.host().isEmpty()) {
            writeField(out, "X-Forwarded-Host", request.host());
        }
        writeField(out, "X-Real-IP", exchange.clientAddress().getHostAddress());
        writeField(out, "x-request-id", exchange.id());
        writeField(out, "Via", via(request.headers()));
    }

    private static String via(Headers received) {
        return received.contains("Via") ? String.join(", ", received.all("Via")) + ", 1.1 weir" : "1.1 weir";
    }

    private static void writeClientFields(ByteBuf out, Headers received, BackendSpec spec, boolean translated) {
        Headers headers = received;
        if (received.contains("Connection") && nominatesFields(received)) {
            headers = received.copy();
            HopByHop.remove(headers);
        }
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            if (ForwardedFields.isForwarded(name)
                    && !BackendFields.isConfigured(spec, name)
                    && !(translated && name.equalsIgnoreCase("Content-Type"))) {
                writeField(out, name, headers.value(i));
            }
        }
    }

    private static boolean nominatesFields(Headers headers) {
        for (String options : headers.all("Connection")) {
            if (!options.equalsIgnoreCase("keep-alive") && !options.equalsIgnoreCase("close")) {
                return true;
            }
        }
        return false;
    }

    /** The last field, and the end of the head. */
    private static void writeLength(ByteBuf out, long length) {
        writeField(out, "Content-Length", Long.toString(length));
        out.writeShort(CRLF);
    }

    private static void writeField(ByteBuf out, String name, String value) {
        ascii(out, name);
        out.writeShort(0x3a20);
        ascii(out, value);
        out.writeShort(CRLF);
    }

    private static void ascii(ByteBuf out, String text) {
        out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    }
}

package dev.weir.backends;

import dev.weir.backends.translate.Translation;
import dev.weir.core.Exchange;
import dev.weir.core.HeadWriter;
import dev.weir.core.Headers;
import dev.weir.core.HopByHop;
import dev.weir.core.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Writes requests to backends: a request line and framing of our own making, the client's fields that are nobody's secret
 * and nobody's hop, and the way the request came (RFC 9110 section 7.6, RFC 7239 by its older names).
 */
final class RequestWriter {
    /** Up to here head and body leave as one copy. */
    private static final int COPY_BYTES = 16 * 1024;

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
        HeadWriter head = writeHead(exchange, target.backend(), translation.path(), true);
        writeLength(head, body.readableBytes());
        return bufferOf(head, body.readableBytes()).writeBytes(body);
    }

    private static ByteBuf whole(Exchange exchange, Target target) {
        BodyEdits body = Preparer.of(target.backend().spec().kind()).prepare(exchange, target);
        if (target.backend().spec().kind() == BackendSpec.Kind.OLLAMA
                && UpstreamPath.pathOf(exchange).startsWith("/api/")) {
            target.policy().edit(body, exchange.body(), target.hosted().contextLength());
        }
        HeadWriter head = writeHead(exchange, target.backend(), UpstreamPath.of(exchange), false);
        writeLength(head, body.length());
        if (body.length() <= COPY_BYTES) {
            ByteBuf request = bufferOf(head, body.length());
            body.writeTo(request);
            return request;
        }
        ByteBufAllocator alloc = PooledByteBufAllocator.DEFAULT;
        return alloc.compositeBuffer(8).addComponent(true, bufferOf(head, 0)).addComponent(true, body.composite(alloc));
    }

    /** The head of a request whose body is streamed behind it by {@link RequestStream}. The caller takes the buffer. */
    static ByteBuf head(Exchange exchange, Target target) {
        HeadWriter head =
                writeHead(exchange, target.backend(), exchange.request().target(), false);
        Headers headers = exchange.request().headers();
        String length = headers.get("Content-Length");
        if (length != null) {
            writeLength(head, Long.parseLong(length));
        } else if (headers.contains("Transfer-Encoding")) {
            head.field("Transfer-Encoding", "chunked").endLine();
        } else {
            head.endLine();
        }
        return bufferOf(head, 0);
    }

    /** @param translated whether the body is JSON whatever the client's head says of its own */
    private static HeadWriter writeHead(Exchange exchange, Backend backend, String path, boolean translated) {
        RequestHead request = exchange.request();
        HeadWriter out = HeadWriter.begin()
                .text(request.method())
                .text(" ")
                .text(backend.fields().basePath())
                .text(path)
                .text(" HTTP/1.1\r\n")
                .text(backend.fields().lines());
        if (translated) {
            out.field("Content-Type", "application/json");
        }
        writeClientFields(out, request.headers(), backend.spec(), translated);
        out.field("X-Forwarded-For", exchange.forwardedFor());
        out.field("X-Forwarded-Proto", exchange.secure() ? "https" : "http");
        if (!request.host().isEmpty()) {
            out.field("X-Forwarded-Host", request.host());
        }
        out.field("X-Real-IP", exchange.clientAddress().getHostAddress());
        out.field("x-request-id", exchange.id());
        return out.field("Via", via(request.headers()));
    }

    private static String via(Headers received) {
        return received.contains("Via") ? String.join(", ", received.all("Via")) + ", 1.1 weir" : "1.1 weir";
    }

    private static void writeClientFields(HeadWriter out, Headers received, BackendSpec spec, boolean translated) {
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
                out.field(name, headers.value(i));
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
    private static void writeLength(HeadWriter out, long length) {
        out.text("Content-Length: ").number(length).endLine().endLine();
    }

    /** A buffer that begins with {@code head} and takes {@code more} bytes behind it. The caller takes it. */
    private static ByteBuf bufferOf(HeadWriter head, int more) {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(head.length() + more);
        head.writeTo(buffer);
        return buffer;
    }
}

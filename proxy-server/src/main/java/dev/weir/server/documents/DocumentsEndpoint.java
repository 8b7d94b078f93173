package dev.weir.server.documents;

import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.core.RequestHead;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;

/**
 * {@code GET /docs/…}: files as they are, and lists of directories without an {@code index.html}. On the exchange's event loop;
 * everything that touches the disk is done in the background, for so many requests at once.
 */
public final class DocumentsEndpoint implements Endpoint {
    private static final String PREFIX = "/docs";
    private static final int MOST_AT_ONCE = 64;

    private final DocumentTree tree;
    private final Executor background;
    private final Semaphore places = new Semaphore(MOST_AT_ONCE);

    public DocumentsEndpoint(Path directory, Executor background) {
        this.tree = new DocumentTree(directory);
        this.background = background;
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) throws GatewayException {
        String path = exchange.request().path().substring(PREFIX.length());
        if (path.isEmpty()) {
            downstream.respond(LocalResponse.empty(308).with("Location", PREFIX + "/"));
            return;
        }
        if (!places.tryAcquire()) {
            throw new GatewayException(GatewayError.OVERLOADED, "too many documents are being read");
        }
        background.execute(() -> look(path, exchange, downstream));
    }

    /** In the background. */
    private void look(String path, Exchange exchange, Downstream downstream) {
        Runnable answer;
        try {
            answer = answer(tree.find(path), exchange, downstream);
        } catch (IOException | RuntimeException e) {
            answer = () -> fail(downstream, "this document cannot be read", GatewayError.INTERNAL);
        }
        exchange.eventLoop().execute(answer);
    }

    private Runnable answer(DocumentTree.Found found, Exchange exchange, Downstream downstream) throws IOException {
        if (found instanceof DocumentTree.Document document) {
            return document(document, exchange, downstream);
        }
        places.release();
        if (found instanceof DocumentTree.Listing listing) {
            LocalResponse page =
                    LocalResponse.text(200, listing.html()).with("Content-Type", "text/html; charset=utf-8");
            return () -> downstream.respond(page.with("Cache-Control", "no-cache"));
        }
        if (found instanceof DocumentTree.Elsewhere elsewhere) {
            return () -> downstream.respond(LocalResponse.empty(308).with("Location", PREFIX + elsewhere.path()));
        }
        return () -> downstream.fail(new GatewayException(GatewayError.NOT_FOUND, "there is no such document"));
    }

    private Runnable document(DocumentTree.Document document, Exchange exchange, Downstream downstream)
            throws IOException {
        RequestHead request = exchange.request();
        if (request.isHead() || document.isKnownTo(request.headers())) {
            places.release();
            int status = request.isHead() && !document.isKnownTo(request.headers()) ? 200 : 304;
            return () -> {
                downstream.writeHead(document.head(status));
                downstream.writeBody(Unpooled.EMPTY_BUFFER, true);
                downstream.flush();
            };
        }
        DocumentStream stream =
                DocumentStream.open(document, exchange.eventLoop(), downstream, background, places::release);
        return stream::begin;
    }

    private void fail(Downstream downstream, String why, GatewayError error) {
        places.release();
        downstream.fail(new GatewayException(error, why));
    }

    /** Characters that mean something in a page. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '&' -> escaped.append("&amp;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }

    /** A name as a segment of a path (RFC 3986 section 3.3). */
    static String encoded(String name) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0);
            encoded.append(plain ? String.valueOf(c) : "%%%02X".formatted((int) c));
        }
        return encoded.toString();
    }
}

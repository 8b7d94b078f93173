package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Identity;
import dev.weir.core.ModelRequest;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import io.netty.buffer.ByteBuf;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Understands a request for a model by its collected body: JSON or multipart. Any thread. */
public final class ModelRequestReader implements Route.RequestReader {
    private static final String JSON_TYPE = "application/json";
    static final int MAX_MODEL_LENGTH = 256;

    private final ModelCatalog catalog;

    /** @param catalog knows the models by every spelling of their names */
    public ModelRequestReader(ModelCatalog catalog) {
        this.catalog = catalog;
    }

    /** Leaves what it reads under {@link ModelRequest#KEY}, unless its sender may not use the model: no cache may answer it. */
    @Override
    public void read(Exchange exchange) throws GatewayException {
        examine(exchange.request(), exchange.body()).into(exchange);
    }

    @Override
    public Route.Reading examine(RequestHead head, ByteBuf body) throws GatewayException {
        ModelRequest request = catalog.resolved(read(head.headers(), body));
        return exchange -> {
            Identity.requireModel(exchange, request.model());
            exchange.set(ModelRequest.KEY, request);
        };
    }

    /** Reads {@code body} as its header says. Borrows it and moves no index. */
    static ModelRequest read(Headers headers, ByteBuf body) throws GatewayException {
        requireNoEncoding(headers);
        if (headers.count("Content-Type") > 1) {
            throw unsupported("Content-Type: given twice (expected: application/json or multipart/form-data)");
        }
        return read(headers.get("Content-Type"), body);
    }

    private static void requireNoEncoding(Headers headers) throws GatewayException {
        if (!headers.contains("Content-Encoding")) {
            return;
        }
        for (String encoding : headers.all("Content-Encoding")) {
            if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
                throw unsupported("Content-Encoding: not supported (expected: none)");
            }
        }
    }

    private static ModelRequest read(@Nullable String contentType, ByteBuf body) throws GatewayException {
        String mediaType = contentType == null ? "" : mediaType(contentType);
        if (isJson(mediaType)) {
            return JsonModelScan.scan(body);
        }
        if (contentType != null && mediaType.equals("multipart/form-data")) {
            return MultipartModelScan.scan(contentType, body);
        }
        if (mediaType.equals("application/x-www-form-urlencoded")) {
            throw unsupported(
                    "Content-Type: application/x-www-form-urlencoded (expected: application/json or"
                            + " multipart/form-data); curl -d sends it unless told otherwise: add -H 'Content-Type: application/json'");
        }
        throw unsupported("Content-Type: not supported (expected: application/json or multipart/form-data)");
    }

    /** Reads {@code body}, which must be JSON whatever its header would allow elsewhere. Borrows it and moves no index. */
    static JsonModelScan readJson(Headers headers, ByteBuf body) throws GatewayException {
        String contentType = headers.get("Content-Type");
        if (contentType != null && !isJson(mediaType(contentType))) {
            throw unsupported("Content-Type: not supported (expected: application/json)");
        }
        requireNoEncoding(headers);
        return JsonModelScan.of(body);
    }

    private static boolean isJson(String mediaType) {
        return mediaType.isEmpty() || mediaType.equals(JSON_TYPE) || isJsonSuffixed(mediaType);
    }

    /** Whether a media type says by its suffix that it is JSON (RFC 6839 section 3.1). */
    private static boolean isJsonSuffixed(String mediaType) {
        return mediaType.indexOf('/') > 0 && mediaType.endsWith("+json");
    }

    private static String mediaType(String contentType) {
        if (contentType.equals(JSON_TYPE)) {
            return JSON_TYPE;
        }
        int semicolon = contentType.indexOf(';');
        String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
        return type.strip().toLowerCase(Locale.ROOT);
    }

    /** {@code text} if it can name a model; names go to logs, so they hold no control characters. */
    static String validModel(String text) throws GatewayException {
        if (text.isEmpty()) {
            throw badRequest("model: empty (expected: the name of a model)").param("model");
        }
        if (text.length() > MAX_MODEL_LENGTH) {
            throw modelTooLong();
        }
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                throw badRequest("model: illegal character at " + i + " (expected: the name of a model)")
                        .param("model");
            }
            i += Character.charCount(c) - 1;
        }
        return text;
    }

    static GatewayException modelTooLong() {
        return badRequest("model: too long (expected: at most " + MAX_MODEL_LENGTH + " characters)")
                .param("model");
    }

    static GatewayException modelMissing() {
        return badRequest("you must provide a model parameter").param("model");
    }

    static GatewayException badRequest(String detail) {
        return new GatewayException(GatewayError.BAD_REQUEST, detail);
    }

    private static GatewayException unsupported(String detail) {
        return new GatewayException(GatewayError.UNSUPPORTED_MEDIA_TYPE, detail);
    }
}

package dev.weir.backends;

import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.search.AbstractSearchProcessorFactory;
import io.netty.buffer.search.SearchProcessorFactory;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One pass over a {@code multipart/form-data} body (RFC 7578, RFC 2046 section 5.1) for the fields {@code model} and
 * {@code stream}; files are passed over, not copied.
 *
 * <p>Stricter than the RFCs wherever servers are known to read one body in different ways: no preamble, no epilogue, no
 * padding behind a delimiter, no folded, escaped or encoded names. Runs on the event loop; one use. Borrows the body.
 */
final class MultipartModelScan {
    private static final int MAX_PARTS = 1_000;
    private static final int MAX_PART_HEAD_BYTES = 8 << 10;
    private static final int MAX_BOUNDARY_LENGTH = 70;
    private static final int MAX_BYTES_PER_CHARACTER = 4;
    private static final String BOUNDARY_PUNCTUATION = "'()+_,-./:=? ";

    private static final SearchProcessorFactory BLANK_LINE = search("\r\n\r\n");

    private final ByteBuf body;
    private final String delimiter;
    private final SearchProcessorFactory delimiterSearch;

    private @Nullable String model;
    private @Nullable Span modelSpan;
    private @Nullable Boolean stream;

    private MultipartModelScan(ByteBuf body, String boundary) {
        this.body = body;
        this.delimiter = "\r\n--" + boundary;
        this.delimiterSearch = search(delimiter);
    }

    /**
     * Reads {@code body} from its reader index to its writer index, moving neither.
     *
     * @throws GatewayException if it is not a well-formed form that names a model once
     */
    static ModelRequest scan(String contentType, ByteBuf body) throws GatewayException {
        MultipartModelScan scan = new MultipartModelScan(body, boundary(contentType));
        scan.readForm();
        return scan.result();
    }

    private static String boundary(String contentType) throws GatewayException {
        String boundary = FormFieldHead.parameter(contentType, "boundary");
        if (boundary == null) {
            throw ModelRequestReader.badRequest(
                    "Content-Type: no boundary (expected: multipart/form-data; boundary=...)");
        }
        boolean valid = !boundary.isEmpty() && boundary.length() <= MAX_BOUNDARY_LENGTH && !boundary.endsWith(" ");
        for (int i = 0; valid && i < boundary.length(); i++) {
            char c = boundary.charAt(i);
            valid = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || BOUNDARY_PUNCTUATION.indexOf(c) >= 0;
        }
        if (!valid) {
            throw ModelRequestReader.badRequest("Content-Type: illegal boundary (expected: 1 to " + MAX_BOUNDARY_LENGTH
                    + " of the characters that RFC 2046 allows)");
        }
        return boundary;
    }

    private void readForm() throws GatewayException {
        int at = body.readerIndex();
        if (!holds(at, delimiter.substring(2))) {
            throw malformed("does not begin with its boundary");
        }
        at += delimiter.length() - 2;
        int parts = 0;
        while (!holds(at, "--")) {
            if (++parts > MAX_PARTS) {
                throw malformed("too many parts (expected: at most " + MAX_PARTS + ")");
            }
            at = readPart(at);
        }
        for (int i = at + 2; i < body.writerIndex(); i++) {
            if (" \t\r\n".indexOf(body.getByte(i)) < 0) {
                throw malformed("something follows the last part");
            }
        }
    }

    /**
     * Reads the part whose delimiter ends at {@code at}.
     *
     * @return where the next delimiter ends
     */
    private int readPart(int at) throws GatewayException {
        if (!holds(at, "\r\n")) {
            throw malformed(at >= body.writerIndex() ? "ends too early" : "a boundary is not followed by a line break");
        }
        int limit = Math.min(body.writerIndex(), at + MAX_PART_HEAD_BYTES);
        int headEnd = body.forEachByte(at, limit - at, BLANK_LINE.newSearchProcessor());
        if (headEnd < 0) {
            throw malformed(limit == body.writerIndex() ? "ends too early" : "the head of a part is too long");
        }
        int start = headEnd + 1;
        if (holds(start, delimiter.substring(2))) {
            throw malformed("the head of a part is not followed by a line break");
        }
        int next = body.forEachByte(start, body.writerIndex() - start, delimiterSearch.newSearchProcessor());
        if (next < 0) {
            throw malformed("ends too early");
        }
        int length = next + 1 - delimiter.length() - start;
        readField(FormFieldHead.parse(text(at + 2, headEnd - 1)), new Span(start - body.readerIndex(), length));
        return next + 1;
    }

    private void readField(FormFieldHead head, Span value) throws GatewayException {
        switch (head.name()) {
            case "model" -> {
                if (model != null) {
                    throw ModelRequestReader.badRequest("model: given twice").param("model");
                }
                head.requirePlain();
                model = modelName(value);
                modelSpan = value;
            }
            case "stream" -> {
                if (stream != null) {
                    throw ModelRequestReader.badRequest("stream: given twice").param("stream");
                }
                head.requirePlain();
                stream = flag(value);
            }
            default -> {}
        }
    }

    private String modelName(Span value) throws GatewayException {
        if (value.length() > MAX_BYTES_PER_CHARACTER * ModelRequestReader.MAX_MODEL_LENGTH) {
            throw ModelRequestReader.modelTooLong();
        }
        byte[] bytes = ByteBufUtil.getBytes(body, body.readerIndex() + value.start(), value.length());
        try {
            return ModelRequestReader.validModel(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw ModelRequestReader.badRequest("model: not UTF-8 (expected: the name of a model)")
                    .param("model");
        }
    }

    private boolean flag(Span value) throws GatewayException {
        if (value.length() <= "false".length()) {
            int start = body.readerIndex() + value.start();
            String text = text(start, start + value.length());
            if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
                return text.equalsIgnoreCase("true");
            }
        }
        throw ModelRequestReader.badRequest("stream: not a boolean (expected: true or false)")
                .param("stream");
    }

    private ModelRequest result() throws GatewayException {
        if (model == null || modelSpan == null) {
            throw ModelRequestReader.modelMissing();
        }
        return new ModelRequest(model, modelSpan, false, stream != null && stream, null);
    }

    private boolean holds(int index, String ascii) {
        if (body.writerIndex() - index < ascii.length()) {
            return false;
        }
        for (int i = 0; i < ascii.length(); i++) {
            if (body.getByte(index + i) != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private String text(int start, int end) {
        return body.toString(start, end - start, StandardCharsets.ISO_8859_1);
    }

    private static SearchProcessorFactory search(String needle) {
        return AbstractSearchProcessorFactory.newKmpSearchProcessorFactory(needle.getBytes(StandardCharsets.US_ASCII));
    }

    static GatewayException malformed(String detail) {
        return ModelRequestReader.badRequest("request body: malformed multipart/form-data: " + detail);
    }
}

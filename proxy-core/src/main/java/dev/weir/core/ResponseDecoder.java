package dev.weir.core;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads responses from the bytes of a backend connection, as strictly as requests are read: a backend that is unsure where
 * its answer ends would poison the next one (RFC 9112 sections 4 to 7).
 *
 * <p>Interim responses are skipped, up to a bound; 101 is an error, for Weir never asks to switch protocols. Runs on the
 * event loop.
 */
public final class ResponseDecoder {
    private static final int MAX_INTERIM = 16;
    private static final byte[] PROTOCOL = {'H', 'T', 'T', 'P', '/', '1', '.'};

    private final HttpLimits limits;
    private final FieldLines lines;
    private final BodyReader body;

    private boolean statusLineRead;
    private int status;
    private String reason = "";
    private boolean http10;
    private int interim;
    private boolean head;
    private boolean keepAlive;
    private Headers headers = new Headers();

    public ResponseDecoder(HttpLimits limits) {
        this.limits = limits;
        this.lines = new FieldLines(limits);
        this.body = new BodyReader(lines);
    }

    /** A request was sent: its response comes next. {@code headRequest} says whether it was HEAD. */
    public void begin(boolean headRequest) {
        head = headRequest;
        statusLineRead = false;
        interim = 0;
        headers = new Headers();
    }

    /** Whether part of a head has arrived. */
    public boolean started() {
        return statusLineRead || interim > 0;
    }

    /** The body that follows the last head. */
    public BodyReader body() {
        return body;
    }

    /** Whether the backend lets its connection live on after this response. */
    public boolean keepAlive() {
        return keepAlive;
    }

    /** Reads on; returns the final response's head, free of hop-by-hop fields, once it has arrived whole, else null. */
    public @Nullable ResponseHead readHead(ByteBuf in) throws BadMessageException {
        while (true) {
            if (!statusLineRead) {
                expectStatusLine(in);
                if (!lines.nextLine(in, limits.maxLineBytes(), 502)) {
                    return null;
                }
                parseStatusLine(lines.line(), lines.length());
                statusLineRead = true;
                lines.beginSection();
            }
            if (!lines.readSection(in, headers, true)) {
                return null;
            }
            if (status >= 200) {
                return finish();
            }
            if (status == 101 || ++interim > MAX_INTERIM) {
                throw new BadMessageException(502, status == 101 ? "an unasked-for 101" : "too many interim responses");
            }
            statusLineRead = false;
            headers = new Headers();
        }
    }

    /** What does not begin as a status line never becomes one: its end need not be waited for. */
    private static void expectStatusLine(ByteBuf in) throws BadMessageException {
        int bytes = Math.min(in.readableBytes(), PROTOCOL.length);
        for (int i = 0; i < bytes; i++) {
            if (in.getByte(in.readerIndex() + i) != PROTOCOL[i]) {
                throw new BadMessageException(502, "an invalid status line");
            }
        }
    }

    private ResponseHead finish() throws BadMessageException {
        boolean bodiless = head || status == 204 || status == 304;
        BodyFraming framing = BodyFraming.ofResponse(headers, http10, bodiless);
        body.begin(framing);
        keepAlive = framing.kind() != BodyFraming.Kind.UNTIL_CLOSE
                && (http10
                        ? headers.containsToken("Connection", "keep-alive")
                        : !headers.containsToken("Connection", "close"));
        String announced = headers.get("Content-Length");
        long length = announced == null ? ResponseHead.UNKNOWN : BodyFraming.parseLength(announced);
        HopByHop.remove(headers);
        return new ResponseHead(status, reason, headers, length);
    }

    /**
     * {@code HTTP-version SP status-code SP [reason]}; the last space may be missing. A higher minor version is read as 1.1
     * (RFC 9112 section 2.3).
     */
    private void parseStatusLine(byte[] line, int length) throws BadMessageException {
        boolean shaped =
                length >= 12 && line[7] >= '0' && line[7] <= '9' && line[8] == ' ' && (length == 12 || line[12] == ' ');
        if (!shaped) {
            throw new BadMessageException(502, "an invalid status line");
        }
        int code = 0;
        for (int i = 9; i < 12; i++) {
            if (line[i] < '0' || line[i] > '9') {
                throw new BadMessageException(502, "an invalid status line");
            }
            code = 10 * code + (line[i] - '0');
        }
        if (code < 100 || code > 599) {
            throw new BadMessageException(502, "a status out of range");
        }
        for (int i = 13; i < length; i++) {
            if (!Octets.isFieldText(line[i] & 0xff)) {
                throw new BadMessageException(502, "a control character in the status line");
            }
        }
        status = code;
        http10 = line[7] == '0';
        reason = code == 200 && length == 15 && line[13] == 'O' && line[14] == 'K'
                ? "OK"
                : new String(line, Math.min(13, length), Math.max(0, length - 13), StandardCharsets.ISO_8859_1);
    }
}

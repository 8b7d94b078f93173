package dev.weir.core;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests from the bytes of a client connection: the one guard before routing, on raw facts (RFC 9112 sections 2 to
 * 7). What it lets through has one meaning only.
 *
 * <p>Driven by {@link ClientConnection}, on the event loop: {@link #readHead} until a head is there, then {@link #body()}
 * until that has ended.
 */
final class RequestDecoder {
    private static final int MAX_METHOD_BYTES = 32;

    private final HttpLimits limits;
    private final FieldLines lines;
    private final BodyReader body;

    private boolean started;
    private boolean emptyLineSkipped;
    private boolean requestLineRead;
    private String method = "";
    private String target = "";
    private boolean http10;
    private Headers headers = new Headers();
    private BodyFraming framing = BodyFraming.NONE;

    RequestDecoder(HttpLimits limits) {
        this.limits = limits;
        this.lines = new FieldLines(limits);
        this.body = new BodyReader(lines);
    }

    /** Whether part of a head has arrived. */
    boolean started() {
        return started;
    }

    /** Whether the request being read, or the last one read, is known to be a HEAD. */
    boolean isHead() {
        return method.equals("HEAD");
    }

    /** How the last head's body is framed. */
    BodyFraming framing() {
        return framing;
    }

    /** The body that follows the last head. */
    BodyReader body() {
        return body;
    }

    /** Reads on; returns the next request's head once it has arrived whole, else null. */
    @Nullable
    RequestHead readHead(ByteBuf in) throws BadMessageException {
        if (!requestLineRead && !readRequestLine(in)) {
            return null;
        }
        if (!lines.readSection(in, headers, false)) {
            return null;
        }
        framing = BodyFraming.ofRequest(headers, http10);
        if (headers.contains("Sec-WebSocket-Key1") || headers.contains("Sec-WebSocket-Key2")) {
            // A draft of WebSocket has eight bytes follow that no framing announces: a backend may still wait for them.
            throw new BadMessageException(400, "a handshake of a WebSocket draft");
        }
        RequestHead head = head();
        body.begin(framing);
        started = false;
        emptyLineSkipped = false;
        requestLineRead = false;
        headers = new Headers();
        return head;
    }

    private boolean readRequestLine(ByteBuf in) throws BadMessageException {
        if (!started && in.isReadable()) {
            if (!emptyLineSkipped && in.readableBytes() == 1 && in.getByte(in.readerIndex()) == '\r') {
                return false;
            }
            skipEmptyLine(in);
            if (!in.isReadable()) {
                return false;
            }
            started = true;
            method = "";
            if (!Octets.isToken(in.getByte(in.readerIndex()))) {
                throw new BadMessageException(400, "not an HTTP request");
            }
        }
        if (!lines.nextLine(in, limits.maxLineBytes(), 414)) {
            return false;
        }
        parseRequestLine(lines.line(), lines.length());
        requestLineRead = true;
        lines.beginSection();
        return true;
    }

    /** One empty line before a request is ignored (RFC 9112 section 2.2). */
    private void skipEmptyLine(ByteBuf in) {
        int at = in.readerIndex();
        boolean empty = in.readableBytes() >= 2 && in.getByte(at) == '\r' && in.getByte(at + 1) == '\n';
        if (empty && !emptyLineSkipped) {
            emptyLineSkipped = true;
            in.skipBytes(2);
        }
    }

    /** {@code method SP request-target SP HTTP-version}: single spaces, no repair (RFC 9112 section 3). */
    private void parseRequestLine(byte[] line, int length) throws BadMessageException {
        int at = 0;
        while (at < length && Octets.isToken(line[at])) {
            at++;
        }
        if (at == 0 || at == length || line[at] != ' ') {
            throw new BadMessageException(400, "an invalid request line");
        }
        if (at > MAX_METHOD_BYTES) {
            throw new BadMessageException(501, "an unknown method");
        }
        method = method(line, at);
        int from = ++at;
        while (at < length && line[at] > 0x20 && line[at] < 0x7f && line[at] != '#') {
            at++;
        }
        if (at == from || at == length || line[at] != ' ') {
            throw new BadMessageException(400, "an invalid request target");
        }
        target = new String(line, from, at - from, StandardCharsets.ISO_8859_1);
        parseVersion(line, at + 1, length);
    }

    private static String method(byte[] line, int length) {
        if (length == 4 && line[0] == 'P' && line[1] == 'O' && line[2] == 'S' && line[3] == 'T') {
            return "POST";
        }
        if (length == 3 && line[0] == 'G' && line[1] == 'E' && line[2] == 'T') {
            return "GET";
        }
        return new String(line, 0, length, StandardCharsets.ISO_8859_1);
    }

    /** {@code HTTP/ DIGIT . DIGIT}, case-sensitive (RFC 9112 section 2.3). */
    private void parseVersion(byte[] line, int from, int length) throws BadMessageException {
        boolean shaped = length - from == 8
                && line[from] == 'H'
                && line[from + 1] == 'T'
                && line[from + 2] == 'T'
                && line[from + 3] == 'P'
                && line[from + 4] == '/'
                && isDigit(line[from + 5])
                && line[from + 6] == '.'
                && isDigit(line[from + 7]);
        if (!shaped) {
            throw new BadMessageException(400, "an invalid HTTP version");
        }
        if (line[from + 5] != '1') {
            throw new BadMessageException(505, "an HTTP version other than 1.x");
        }
        http10 = line[from + 7] == '0';
    }

    private RequestHead head() throws BadMessageException {
        String host = host();
        if (method.equals("CONNECT") || method.equals("TRACE")) {
            throw new BadMessageException(405, "method " + method + " is not offered");
        }
        if (target.charAt(0) == '/') {
            return checkedPath(target, host);
        }
        if (target.equals("*")) {
            if (!method.equals("OPTIONS")) {
                throw new BadMessageException(400, "target * with a method other than OPTIONS");
            }
            return new RequestHead(method, target, http10, host, headers);
        }
        return absoluteForm();
    }

    private String host() throws BadMessageException {
        if (headers.count("Host") > 1) {
            throw new BadMessageException(400, "more than one host header");
        }
        String host = headers.get("Host");
        if (host == null) {
            if (!http10) {
                throw new BadMessageException(400, "no host header");
            }
            return "";
        }
        if (!Authority.isValid(host)) {
            throw new BadMessageException(400, "an invalid host header");
        }
        return host;
    }

    /** A proxy's form: the target names the host, the Host field is ignored (RFC 9112 section 3.2.2). */
    private RequestHead absoluteForm() throws BadMessageException {
        int start = target.regionMatches(true, 0, "http://", 0, 7)
                ? 7
                : target.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
        if (start < 0) {
            throw new BadMessageException(400, "an invalid request target");
        }
        int end = start;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        String authority = target.substring(start, end);
        if (!Authority.isValid(authority)) {
            throw new BadMessageException(400, "an invalid host in the request target");
        }
        String rest = target.substring(end);
        headers.set("Host", authority);
        return checkedPath(rest.startsWith("/") ? rest : "/" + rest, authority);
    }

    private RequestHead checkedPath(String originForm, String host) throws BadMessageException {
        RequestHead head = new RequestHead(method, originForm, http10, host, headers);
        if (PathCheck.hasDotSegment(head.path())) {
            throw new BadMessageException(400, "a dot segment in the path");
        }
        if (!PathCheck.isWellEncoded(originForm) || PathCheck.hasOverlongForm(head.path())) {
            throw new BadMessageException(400, "an invalid percent-encoding in the request target");
        }
        return head;
    }

    private static boolean isDigit(byte octet) {
        return octet >= '0' && octet <= '9';
    }
}

package dev.weir.server.sim;

import io.netty.handler.codec.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request as the simulated server received it, before anything about it was changed; for assertions. *Any thread.*
 */
public final class RecordedRequest {
    static final RecordedRequest NONE = new RecordedRequest("", "", "", List.of(), new byte[0]);

    private final String method;
    private final String target;
    private final String version;
    private final List<Map.Entry<String, String>> headers;
    private final byte[] body;

    RecordedRequest(HttpRequest head, byte[] body) {
        this(
                head.method().name(),
                head.uri(),
                head.protocolVersion().text(),
                head.headers().entries(),
                body);
    }

    private RecordedRequest(
            String method, String target, String version, List<Map.Entry<String, String>> headers, byte[] body) {
        this.method = method;
        this.target = target;
        this.version = version;
        this.headers = headers;
        this.body = body;
    }

    RecordedRequest withBody(byte[] received) {
        return new RecordedRequest(method, target, version, headers, received);
    }

    public String method() {
        return method;
    }

    /** The request target with its query. */
    public String target() {
        return target;
    }

    /** The fields in the order and the spelling received. */
    public List<Map.Entry<String, String>> headers() {
        return List.copyOf(headers);
    }

    /** The first value of a field, whatever its case. */
    public Optional<String> header(String name) {
        return headers.stream()
                .filter(field -> field.getKey().equalsIgnoreCase(name))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** The request line and the fields, up to and with the empty line. */
    public String head() {
        StringBuilder head = new StringBuilder(256);
        head.append(method)
                .append(' ')
                .append(target)
                .append(' ')
                .append(version)
                .append("\r\n");
        headers.forEach(field -> head.append(field.getKey())
                .append(": ")
                .append(field.getValue())
                .append("\r\n"));
        return head.append("\r\n").toString();
    }

    /** The body without its transfer coding. */
    public byte[] body() {
        return body.clone();
    }

    public String bodyText() {
        return new String(body, StandardCharsets.UTF_8);
    }

    int bodyLength() {
        return body.length;
    }
}

package dev.weir.server;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.ReceivedRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A whole gateway in front of one backend on a raw socket, for tables of bytes. In the tables {@code \r}, {@code \n},
 * {@code \t} and {@code \xHH} stand for bytes, {@code {key}} for the field lines of a client that may ask, and {@code {chat}}
 * for the line and fields of a chat request without its framing. Any thread.
 */
final class SafetyFixture implements BeforeAllCallback, AfterAllCallback {
    static final String BODY = "{\"model\":\"m\",\"messages\":[]}";
    static final String KEY_LINES =
            "Host: a\\r\\nAuthorization: Bearer " + TestGateway.KEY + "\\r\\nContent-Type: application/json\\r\\n";
    static final String CHAT = "POST /v1/chat/completions HTTP/1.1\\r\\n" + KEY_LINES;

    private FakeBackend backend = FakeBackend.start();
    private TestGateway gateway = TestGateway.start("");

    @Override
    public void beforeAll(ExtensionContext context) {
        gateway.close();
        gateway = TestGateway.start("""
                backends: {b: {url: "%s", kind: openai}}
                backend_defaults: {health: {interval: 1h}, eject: {consecutive_failures: 3}, retry: {attempts: 0}}
                discover_models: false
                models: {m: {targets: [{backend: b, model: m}]}}
                routes: [{path: "/relay/*", backend: b}]
                metrics: {access: open}
                """.formatted(backend.url()));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        gateway.close();
        backend.close();
    }

    TestGateway gateway() {
        return gateway;
    }

    FakeBackend backend() {
        return backend;
    }

    RawClient connect() {
        return RawClient.connect(gateway.port());
    }

    /** What clients asked of the backend so far: checks of the gateway's own left out. */
    List<ReceivedRequest> forwarded() {
        return backend.requests().stream()
                .filter(request -> !"weir".equals(request.header("user-agent")))
                .toList();
    }

    /** How often attempts on the backend failed, for whatever reason. */
    double failures() {
        return gateway.send("GET", "/metrics", "")
                .body()
                .lines()
                .filter(line -> line.startsWith("weir_backend_failures_total{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    static byte[] bytes(String escaped) {
        String text =
                escaped.replace("{chat}", CHAT).replace("{key}", KEY_LINES).replace("{body}", BODY);
        StringBuilder raw = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                raw.append(c);
                continue;
            }
            char kind = text.charAt(++i);
            switch (kind) {
                case 'r' -> raw.append('\r');
                case 'n' -> raw.append('\n');
                case 't' -> raw.append('\t');
                case 'x' -> {
                    raw.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> raw.append(kind);
            }
        }
        return raw.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}

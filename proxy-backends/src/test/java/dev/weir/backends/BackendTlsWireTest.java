package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.TestCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backends behind TLS: who is trusted, and that nobody else is spoken to. */
class BackendTlsWireTest {
    private static final byte[] ANSWER = "{\"answered\": true}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    static Path directory;

    private static HttpsServer localhost;
    private static HttpsServer elsewhere;

    @BeforeAll
    static void startServers() throws Exception {
        localhost = server("localhost", "dns:localhost,ip:127.0.0.1");
        elsewhere = server("elsewhere", "dns:elsewhere.example");
    }

    @AfterAll
    static void stopServers() {
        localhost.stop(0);
        elsewhere.stop(0);
    }

    /** A server with a certificate of its own, which stands in {@code NAME.pem}. */
    private static HttpsServer server(String name, String hosts) throws Exception {
        SSLContext tls = TestCertificate.in(directory, name, hosts).shown();
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, ANSWER.length);
            exchange.getResponseBody().write(ANSWER);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static RawResponse chat(HttpsServer server, BackendSpec.@Nullable Tls tls) {
        BackendSpec plain = TestFleet.spec(
                "b1",
                "https://localhost:" + server.getAddress().getPort(),
                64,
                new BackendSpec.Timeouts(5_000, 5_000, 5_000, 9_000));
        BackendSpec spec = new BackendSpec(
                plain.name(),
                plain.url(),
                plain.kind(),
                1,
                64,
                null,
                plain.headers(),
                plain.timeouts(),
                plain.pool(),
                plain.health(),
                plain.eject(),
                tls);
        try (TestFleet fleet = TestFleet.of(spec)) {
            return RawClient.post(fleet.port(), "/v1/chat/completions", "{\"model\": \"m\"}");
        }
    }

    private static BackendSpec.Tls trusting(String name) {
        return new BackendSpec.Tls(directory.resolve(name + ".pem"), true, null, null);
    }

    @Test
    void aServerWithATrustedCertificateAnswers() {
        assertThat(chat(localhost, trusting("localhost")).text()).contains("answered");
    }

    @Test
    void aServerThatNobodyTrustsIsNotSpokenTo() {
        RawResponse answer = chat(localhost, null);

        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.text()).contains("TLS handshake with backend b1 failed");
    }

    @Test
    void aCertificateForAnotherNameIsRefusedEvenIfTrusted() {
        RawResponse answer = chat(elsewhere, trusting("elsewhere"));

        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.text()).contains("TLS handshake with backend b1 failed");
    }

    @Test
    void verificationCanBeSwitchedOff() {
        assertThat(chat(elsewhere, new BackendSpec.Tls(null, false, null, null)).text())
                .contains("answered");
    }
}

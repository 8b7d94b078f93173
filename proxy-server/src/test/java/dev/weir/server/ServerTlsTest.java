package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted listeners: handshake, redirect, and a new certificate without a restart. */
class ServerTlsTest {
    @TempDir
    private Path directory;

    /** Has {@code server.crt} and {@code server.key} be those of a subject. */
    private void certificate(String name) throws IOException {
        TestCertificate made = TestCertificate.in(directory, name, "ip:127.0.0.1");
        Files.copy(made.pem(), directory.resolve("server.crt"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(made.keyPem(), directory.resolve("server.key"), StandardCopyOption.REPLACE_EXISTING);
    }

    private ConfigurationFile configuration(String backend) {
        return ConfigurationFile.of("""
                server:
                  tls: {certificate: "%1$s/server.crt", private_key: "%1$s/server.key", redirect_from: "127.0.0.1:0"}
                backends: {a: {url: "%2$s", kind: openai}}
                logging: {access_log: false}
                """.formatted(directory, backend));
    }

    private static final class TrustEverybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private record Seen(String subject, String protocol, String answer) {}

    private static Seen handshake(int port) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEverybody()}, null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(5_000);
            socket.startHandshake();
            X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            socket.getOutputStream()
                    .write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return new Seen(
                    shown.getSubjectX500Principal().getName(),
                    socket.getSession().getProtocol(),
                    answer);
        }
    }

    @Test
    void aReloadShowsTheNewCertificateAndABrokenOneChangesNothing() throws Exception {
        certificate("first");
        try (SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");
                TestGateway gateway = TestGateway.start(configuration(sim.url()), Map.of())) {
            Seen first = handshake(gateway.port());
            certificate("second");
            gateway.gateway().reload();
            Seen second = handshake(gateway.port());
            Files.writeString(directory.resolve("server.key"), "nothing");

            assertThat(first.subject()).isEqualTo("CN=first");
            assertThat(first.protocol()).isEqualTo("TLSv1.3");
            assertThat(first.answer()).startsWith("HTTP/1.1 200 ");
            assertThat(second.subject()).isEqualTo("CN=second");
            assertThatThrownBy(() -> gateway.gateway().reload())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("server.key");
            assertThat(handshake(gateway.port()).subject()).isEqualTo("CN=second");
        }
    }

    @Test
    void plainRequestsAreSentToTheEncryptedAddress() throws Exception {
        certificate("redirecting");
        try (SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");
                TestGateway gateway = TestGateway.start(configuration(sim.url()), Map.of())) {
            int plain = gateway.gateway().addresses().get(1).getPort();
            RawResponse answer;
            RawResponse nameless;
            try (RawClient client = RawClient.connect(plain)) {
                client.send("POST /v1/models?x=1 HTTP/1.1\r\nhost: weir.example:80\r\ncontent-length: 0\r\n\r\n");
                answer = client.readResponse();
            }
            try (RawClient client = RawClient.connect(plain)) {
                client.send("GET / HTTP/1.0\r\n\r\n");
                nameless = client.readResponse();
            }

            assertThat(answer.status()).isEqualTo(308);
            assertThat(answer.header("location"))
                    .isEqualTo("https://weir.example:" + gateway.port() + "/v1/models?x=1");
            assertThat(nameless.status()).isEqualTo(400);
        }
    }
}

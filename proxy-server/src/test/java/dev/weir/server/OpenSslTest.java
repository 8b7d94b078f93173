package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted listeners as {@code openssl s_client} sees them. */
class OpenSslTest {
    private static final Path OPENSSL = Path.of("/usr/bin/openssl");

    @TempDir
    private Path directory;

    @BeforeEach
    void withOpenSslOnly() {
        assumeTrue(Files.isExecutable(OPENSSL), "openssl is missing");
        selfSigned("localhost,127.0.0.1");
    }

    private void selfSigned(String hosts) {
        StringWriter text = new StringWriter();
        int exit = Main.commandLine()
                .setOut(new PrintWriter(text))
                .setErr(new PrintWriter(text))
                .execute("tls", "self-signed", "--host", hosts, "--out", directory.toString());
        assertThat(exit).as(text.toString()).isZero();
    }

    private TestGateway gateway(String listen) {
        return TestGateway.start(ConfigurationFile.of("""
                        server:
                          listen: %s
                          tls: {certificate: "%2$s/server.crt", private_key: "%2$s/server.key", redirect_from: "127.0.0.1:0"}
                        logging: {access_log: false}
                        """.formatted(listen, directory)), Map.of());
    }

    private String client(int port, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                OPENSSL.toString(),
                "s_client",
                "-connect",
                "127.0.0.1:" + port,
                "-CAfile",
                directory.resolve("server.crt").toString(),
                "-verify_return_error",
                "-verify_hostname",
                "localhost"));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    @Test
    void newVersionsOfTheProtocolAreSpokenAndOldOnesAreNot() throws Exception {
        try (TestGateway gateway = gateway("\"127.0.0.1:0\"")) {
            int port = gateway.port();

            assertThat(client(port, "-tls1_3")).contains("TLSv1.3", "Verify return code: 0 (ok)");
            assertThat(client(port, "-tls1_2")).contains("TLSv1.2", "Verify return code: 0 (ok)");
            assertThat(client(port, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")).contains("alert");
            assertThat(client(port, "-tls1", "-cipher", "ALL:@SECLEVEL=0")).contains("alert");
        }
    }

    @Test
    void onlySuitesWithForwardSecrecyAndAuthenticatedEncryptionAreTaken() throws Exception {
        try (TestGateway gateway = gateway("\"127.0.0.1:0\"")) {
            int port = gateway.port();

            assertThat(client(port, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"))
                    .contains("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256");
            assertThat(client(port, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA"))
                    .contains("handshake failure");
            assertThat(client(port, "-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0"))
                    .contains("handshake failure");
        }
    }

    @Test
    void http11IsAgreedOnAndAClientThatWantsMoreIsServedToo() throws Exception {
        try (TestGateway gateway = gateway("\"127.0.0.1:0\"")) {
            assertThat(client(gateway.port(), "-alpn", "h2,http/1.1")).contains("ALPN protocol: http/1.1");
            assertThat(client(gateway.port(), "-alpn", "h2")).contains("No ALPN negotiated");
        }
    }

    @Test
    void listenersWithAndWithoutEncryptionStandSideBySide() throws Exception {
        try (TestGateway gateway = gateway("[\"http://127.0.0.1:0\", \"https://127.0.0.1:0\", \"127.0.0.1:0\"]")) {
            List<Integer> ports = gateway.gateway().addresses().stream()
                    .map(address -> address.getPort())
                    .toList();

            assertThat(RawClient.get(ports.get(0), "/healthz").status()).isEqualTo(200);
            assertThat(client(ports.get(1))).contains("Verify return code: 0 (ok)");
            assertThat(client(ports.get(2))).contains("Verify return code: 0 (ok)");
            assertThat(RawClient.get(ports.get(3), "/x").header("location")).endsWith(":" + ports.get(1) + "/x");
        }
    }

    @Test
    void changedFilesAreTakenIntoUseWithoutBeingToldAndBrokenOnesAreNot() throws Exception {
        try (TestGateway gateway = gateway("\"127.0.0.1:0\"")) {
            double before = gatewayExpiry(gateway);
            Files.writeString(directory.resolve("server.crt"), "nothing");
            assertThat(gatewayExpiry(gateway)).isEqualTo(before).isGreaterThan(1.7e9);
            Files.delete(directory.resolve("server.crt"));
            Files.delete(directory.resolve("server.key"));
            selfSigned("second.example,localhost");

            Await.until(Duration.ofSeconds(20), "the new certificate is shown", () -> {
                try {
                    return client(gateway.port()).contains("CN = second.example");
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    private static double gatewayExpiry(TestGateway gateway) {
        return gateway.gateway().certificateExpirySeconds();
    }
}

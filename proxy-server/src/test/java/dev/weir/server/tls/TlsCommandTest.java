package dev.weir.server.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code weir tls self-signed}, and what is read of certificates and keys. */
class TlsCommandTest {
    @TempDir
    private Path directory;

    private int run(String... arguments) {
        StringWriter text = new StringWriter();
        return new CommandLine(new TlsCommand())
                .setOut(new PrintWriter(text))
                .setErr(new PrintWriter(text))
                .execute(arguments);
    }

    @Test
    void itIsForTheHostsThatWereNamedAndForTheOwnersEyesOnly() throws Exception {
        int exit = run(
                "self-signed", "--host", "weir.example,10.0.0.7,::1", "--days", "30", "--out", directory.toString());

        assertThat(exit).isZero();
        Path certificate = directory.resolve("server.crt");
        Path key = directory.resolve("server.key");
        Credentials made = Credentials.read(certificate, key);
        X509Certificate first = made.chain().get(0);
        first.verify(first.getPublicKey());
        assertThat(first.getSubjectX500Principal().getName()).isEqualTo("CN=weir.example");
        assertThat(first.getSubjectAlternativeNames())
                .containsExactlyInAnyOrder(
                        List.of(2, "weir.example"), List.of(7, "10.0.0.7"), List.of(7, "0:0:0:0:0:0:0:1"));
        assertThat(first.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(first.getBasicConstraints()).isEqualTo(-1);
        assertThat(Duration.between(Instant.now(), made.notAfter()).toDays()).isEqualTo(29);
        for (Path file : List.of(certificate, key)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void whatIsThereAlreadyIsNotOverwritten() throws IOException {
        assertThat(run("self-signed", "--out", directory.toString())).isZero();
        String before = Files.readString(directory.resolve("server.key"));

        assertThat(run("self-signed", "--out", directory.toString())).isEqualTo(1);
        assertThat(Files.readString(directory.resolve("server.key"))).isEqualTo(before);
    }

    @Test
    void hostsAndDaysThatMakeNoSenseAreBadUsage() {
        assertThat(run("self-signed", "--host", "a b", "--out", directory.toString()))
                .isEqualTo(2);
        assertThat(run("self-signed", "--days", "0", "--out", directory.toString()))
                .isEqualTo(2);
        assertThat(run()).isEqualTo(2);
    }

    @Test
    void aKeyOfAnotherCertificateIsNotTaken() throws IOException {
        run("self-signed", "--out", directory.resolve("a").toString());
        run("self-signed", "--out", directory.resolve("b").toString());

        assertThatThrownBy(() -> Credentials.read(directory.resolve("a/server.crt"), directory.resolve("b/server.key")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not the key of");
    }

    @Test
    void keysInOtherFormsAreNamedWithTheWayOut() throws IOException {
        run("self-signed", "--out", directory.toString());
        Path key = directory.resolve("other.key");
        Files.writeString(key, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");

        assertThatThrownBy(() -> Credentials.read(directory.resolve("server.crt"), key))
                .hasMessageContaining("not PKCS#8")
                .hasMessageContaining("openssl pkcs8 -topk8");
        Files.writeString(key, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
        assertThatThrownBy(() -> Credentials.read(directory.resolve("server.crt"), key))
                .hasMessageContaining("has a password");
    }
}

package dev.weir.pipeline.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/** A certificate for 127.0.0.1 that signs itself, and its key. Any thread. */
public final class TestCertificate {
    static final char[] PASSWORD = "certificate".toCharArray();
    private static final String ALIAS = "server";

    private final Path directory;
    private final KeyStore keys;

    private TestCertificate(Path directory, KeyStore keys) {
        this.directory = directory;
        this.keys = keys;
    }

    /** Makes one; its files stand in {@code directory}, one certificate to each. */
    public static TestCertificate in(Path directory) {
        try {
            KeyStore keys = newKeys(directory);
            TestCertificate made = new TestCertificate(directory, keys);
            Files.writeString(
                    made.pem(), pem("CERTIFICATE", keys.getCertificate(ALIAS).getEncoded()));
            Files.createFile(
                    made.keyPem(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(
                    made.keyPem(),
                    pem("PRIVATE KEY", keys.getKey(ALIAS, PASSWORD).getEncoded()));
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(String what, byte[] encoded) {
        return "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded)
                + "\n-----END " + what + "-----\n";
    }

    private static KeyStore newKeys(Path directory) throws IOException, GeneralSecurityException {
        Path file = directory.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        ALIAS,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=server",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start();
        try {
            if (!keytool.waitFor(60, TimeUnit.SECONDS)) {
                throw new IOException("keytool does not end");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    /** Where the certificate is: who trusts it trusts whoever has the key. */
    public Path pem() {
        return directory.resolve("ca.pem");
    }

    /** Where the key is, readable for its owner only. */
    Path keyPem() {
        return directory.resolve("key.pem");
    }

    /** Both, behind {@link #PASSWORD}. */
    KeyStore keys() {
        return keys;
    }
}

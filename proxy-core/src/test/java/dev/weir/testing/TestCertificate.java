package dev.weir.testing;

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
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate that signs itself, and its key. Any thread. */
public final class TestCertificate {
    private static final char[] PASSWORD = "certificate".toCharArray();
    private static final String ALIAS = "server";

    private final Path pem;
    private final Path keyPem;
    private final KeyStore keys;

    private TestCertificate(Path pem, Path keyPem, KeyStore keys) {
        this.pem = pem;
        this.keyPem = keyPem;
        this.keys = keys;
    }

    /** Makes one for 127.0.0.1; one to each directory. */
    public static TestCertificate in(Path directory) {
        return in(directory, "server", "ip:127.0.0.1");
    }

    /**
     * Makes one whose files stand in {@code directory}, and are called after it.
     *
     * @param name its common name
     * @param hosts whom it is for, as {@code dns:localhost,ip:127.0.0.1}
     */
    public static TestCertificate in(Path directory, String name, String hosts) {
        try {
            KeyStore keys = newKeys(directory, name, hosts);
            Path pem = directory.resolve(name + ".pem");
            Path keyPem = directory.resolve(name + "-key.pem");
            Files.writeString(pem, pem("CERTIFICATE", keys.getCertificate(ALIAS).getEncoded()));
            Files.createFile(
                    keyPem, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(
                    keyPem, pem("PRIVATE KEY", keys.getKey(ALIAS, PASSWORD).getEncoded()));
            return new TestCertificate(pem, keyPem, keys);
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

    private static KeyStore newKeys(Path directory, String name, String hosts)
            throws IOException, GeneralSecurityException {
        Path file = directory.resolve(name + ".p12");
        Path log = directory.resolve(name + ".log");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        ALIAS,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=" + hosts,
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!keytool.waitFor(60, TimeUnit.SECONDS)) {
                keytool.destroyForcibly();
                throw new IOException("keytool does not end");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (keytool.exitValue() != 0) {
            throw new IOException("keytool failed: " + Files.readString(log));
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    /** Where the certificate is: who trusts it trusts whoever has the key. */
    public Path pem() {
        return pem;
    }

    /** Where the key is, readable for its owner only. */
    public Path keyPem() {
        return keyPem;
    }

    /** What a server needs to show it. */
    public KeyManagerFactory keyManagers() {
        try {
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, PASSWORD);
            return managers;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** For a server that shows it. */
    public SSLContext shown() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers().getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** For a client that trusts it, and nobody else. */
    public SSLContext trusted() {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(keys);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

package dev.weir.server.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts between BEGIN and END lines, RFC 7468. Any thread; reads files. */
final class Pem {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private Pem() {}

    static List<X509Certificate> certificates(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> chain = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
            if (chain.isEmpty()) {
                throw new IOException(file + ": holds no certificate (expected: PEM)");
            }
            return chain;
        } catch (CertificateException e) {
            throw new IOException(file + ": no certificate (expected: PEM): " + e.getMessage(), e);
        }
    }

    static PrivateKey privateKey(Path file) throws IOException {
        String text = Files.readString(file);
        Matcher key = KEY.matcher(text);
        if (!key.find()) {
            String found = text.contains("ENCRYPTED")
                    ? "the key has a password"
                    : text.contains("PRIVATE KEY-----") ? "the key is not PKCS#8" : "holds no private key";
            throw new IOException(file + ": " + found
                    + " (expected: PEM with BEGIN PRIVATE KEY; openssl pkcs8 -topk8 -nocrypt makes one of others)");
        }
        byte[] encoded;
        try {
            encoded = Base64.getMimeDecoder().decode(key.group(1));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": the key is damaged", e);
        }
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (GeneralSecurityException ofAnotherKind) {
                // The next one is tried.
            }
        }
        throw new IOException(file + ": no key that is known here (expected: one of " + ALGORITHMS + ")");
    }

    static String of(String type, byte[] content) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
    }
}

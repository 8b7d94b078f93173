package dev.weir.server.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A certificate with its chain, and its private key. Immutable.
 *
 * @param chain the certificate first, then those that vouch for it
 */
public record Credentials(List<X509Certificate> chain, PrivateKey key) {

    /**
     * Reads both, and proves that they belong to each other: files that are being replaced do not for a moment.
     *
     * @throws IOException if they cannot be used, naming the file and what was expected
     */
    public static Credentials read(Path certificate, Path privateKey) throws IOException {
        Credentials read = new Credentials(Pem.certificates(certificate), Pem.privateKey(privateKey));
        if (!read.belongTogether()) {
            throw new IOException(privateKey + " is not the key of " + certificate);
        }
        return read;
    }

    private boolean belongTogether() throws IOException {
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
            default -> "SHA256withRSA";
        };
        byte[] text = "weir".getBytes(StandardCharsets.US_ASCII);
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(text);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(chain.get(0).getPublicKey());
            verifier.update(text);
            return verifier.verify(signature);
        } catch (GeneralSecurityException ofDifferentKinds) {
            return false;
        }
    }

    public Instant notBefore() {
        return chain.get(0).getNotBefore().toInstant();
    }

    public Instant notAfter() {
        return chain.get(0).getNotAfter().toInstant();
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "Credentials[" + chain.get(0).getSubjectX500Principal() + " until " + notAfter() + "]";
    }
}

package dev.weir.server.diagnosis;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** Looks at a certificate in PEM: whether it and its key can be used, and for how long. Any thread; reads files. */
public final class CertificateCheck {
    private static final Duration SOON = Duration.ofDays(21);

    private CertificateCheck() {}

    public static Finding of(Path certificate, Path key, Instant now) {
        try (InputStream in = Files.newInputStream(certificate)) {
            X509Certificate first =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            SslContextBuilder.forServer(certificate.toFile(), key.toFile()).build();
            return expiry(certificate, first, now);
        } catch (IOException | CertificateException | IllegalArgumentException e) {
            return Finding.failed(
                    "certificate",
                    certificate + " and " + key + " cannot be used: " + e.getMessage(),
                    "both must be PEM, the key in PKCS#8 without a password, and belong to each other");
        }
    }

    private static Finding expiry(Path file, X509Certificate certificate, Instant now) {
        Instant end = certificate.getNotAfter().toInstant();
        String renew = "renew it; Weir takes changed files into use by itself";
        if (now.isAfter(end)) {
            return Finding.failed("certificate", file + " expired on " + end, renew);
        }
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            return Finding.failed(
                    "certificate",
                    file + " is valid only from " + certificate.getNotBefore().toInstant(),
                    "correct the clock, or wait");
        }
        long days = Duration.between(now, end).toDays();
        return days < SOON.toDays()
                ? Finding.warning("certificate", file + " expires in " + days + " days, on " + end, renew)
                : Finding.ok("certificate", file + " is good for " + days + " days");
    }
}

package dev.weir.server.diagnosis;

import dev.weir.server.tls.Credentials;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Looks at a certificate in PEM: whether it and its key can be used, and for how long. Any thread; reads files. */
public final class CertificateCheck {
    private static final Duration SOON = Duration.ofDays(21);

    private CertificateCheck() {}

    public static Finding of(Path certificate, Path key, Instant now) {
        try {
            return expiry(certificate, Credentials.read(certificate, key), now);
        } catch (IOException e) {
            return Finding.failed(
                    "certificate",
                    certificate + " and " + key + " cannot be used: " + e.getMessage(),
                    "both must be PEM, the key in PKCS#8 without a password, and belong to each other");
        }
    }

    private static Finding expiry(Path file, Credentials credentials, Instant now) {
        Instant end = credentials.notAfter();
        String renew = "renew it; Weir takes changed files into use by itself";
        if (now.isAfter(end)) {
            return Finding.failed("certificate", file + " expired on " + end, renew);
        }
        if (now.isBefore(credentials.notBefore())) {
            return Finding.failed(
                    "certificate",
                    file + " is valid only from " + credentials.notBefore(),
                    "correct the clock, or wait");
        }
        long days = Duration.between(now, end).toDays();
        return days < SOON.toDays()
                ? Finding.warning("certificate", file + " expires in " + days + " days, on " + end, renew)
                : Finding.ok("certificate", file + " is good for " + days + " days");
    }
}

package dev.weir.server.tls;

import io.netty.util.NetUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * A certificate that vouches for itself (RFC 5280 section 4), with a key on the curve P-256: for internal use, where clients are
 * given the certificate to trust. Any thread.
 *
 * @param certificate in PEM
 * @param privateKey in PEM, PKCS#8
 */
record SelfSigned(String certificate, String privateKey) {
    private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    private static final String COMMON_NAME = "2.5.4.3";
    private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
    private static final String BASIC_CONSTRAINTS = "2.5.29.19";
    private static final String KEY_USAGE = "2.5.29.15";
    private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
    private static final String SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    /** Digital signature, in the form of a bit string with seven unused bits. */
    private static final byte[] SIGNS = {0x03, 0x02, 0x07, (byte) 0x80};

    /** Clocks of clients may be a little behind. */
    private static final Duration EARLIER = Duration.ofHours(1);

    /**
     * Makes one.
     *
     * @param hosts names and addresses it is for; the first is also its subject
     */
    static SelfSigned create(List<String> hosts, Duration validity, Instant now) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            byte[] algorithm = Der.sequence(Der.identifier(ECDSA_WITH_SHA256));
            byte[] name = Der.sequence(Der.set(Der.sequence(Der.identifier(COMMON_NAME), Der.text(hosts.get(0)))));
            byte[] content = Der.sequence(
                    Der.explicit(0, Der.integer(BigInteger.TWO)),
                    Der.integer(new BigInteger(127, new SecureRandom()).add(BigInteger.ONE)),
                    algorithm,
                    name,
                    Der.sequence(Der.time(now.minus(EARLIER)), Der.time(now.plus(validity))),
                    name,
                    keys.getPublic().getEncoded(),
                    Der.explicit(3, extensions(hosts)));
            Signature signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(keys.getPrivate());
            signer.update(content);
            byte[] certificate = Der.sequence(content, algorithm, Der.bits(signer.sign()));
            return new SelfSigned(
                    Pem.of("CERTIFICATE", certificate),
                    Pem.of("PRIVATE KEY", keys.getPrivate().getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has these", e);
        }
    }

    private static byte[] extensions(List<String> hosts) {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        for (String host : hosts) {
            byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
            names.writeBytes(
                    address == null
                            ? Der.implicit(DNS_NAME, host.getBytes(StandardCharsets.US_ASCII))
                            : Der.implicit(IP_ADDRESS, address));
        }
        return Der.sequence(
                extension(SUBJECT_ALTERNATIVE_NAME, Der.sequence(names.toByteArray())),
                critical(BASIC_CONSTRAINTS, Der.sequence()),
                critical(KEY_USAGE, SIGNS),
                extension(EXTENDED_KEY_USAGE, Der.sequence(Der.identifier(SERVER_AUTHENTICATION))));
    }

    private static byte[] extension(String identifier, byte[] value) {
        return Der.sequence(Der.identifier(identifier), Der.octets(value));
    }

    private static byte[] critical(String identifier, byte[] value) {
        return Der.sequence(Der.identifier(identifier), Der.yes(), Der.octets(value));
    }

    /** Writes {@code server.crt} and {@code server.key}, for the owner only; files that are there already are an error. */
    void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        create(directory.resolve("server.key"), privateKey);
        create(directory.resolve("server.crt"), certificate);
    }

    private static void create(Path file, String text) throws IOException {
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (var channel = Files.newByteChannel(
                file, options, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            channel.write(StandardCharsets.US_ASCII.encode(text));
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return certificate;
    }
}

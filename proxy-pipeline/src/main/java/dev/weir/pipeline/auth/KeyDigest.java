package dev.weir.pipeline.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * SHA-256 of a key: what keys are compared and stored by. Enough for random keys, which cannot be guessed from it. Any
 * thread.
 */
final class KeyDigest {
    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(KeyDigest::sha256);

    private KeyDigest() {}

    /** Of a key from a header, whose characters stand for the octets that were sent. */
    static byte[] ofSent(String key) {
        return SHA_256.get().digest(key.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Of a key from the configuration, which clients send in UTF-8. */
    static byte[] ofConfigured(String key) {
        return SHA_256.get().digest(key.getBytes(StandardCharsets.UTF_8));
    }

    /** A new one. */
    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}

package dev.weir.pipeline.store;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script that Redis runs in one step. Called by its hash; a Redis that does not know it yet is sent the text. Immutable.
 */
public final class RedisScript {
    private final String text;
    private final String sha1;

    public RedisScript(String text) {
        this.text = text;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            this.sha1 = HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    String text() {
        return text;
    }

    String sha1() {
        return sha1;
    }
}

package dev.weir.server.sim;

import java.util.concurrent.ThreadLocalRandom;

/** Identifiers in the manner of the APIs: a prefix and letters that differ every time. *Any thread.* */
final class Ids {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final int LENGTH = 24;

    private Ids() {}

    static String next(String prefix) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        StringBuilder id = new StringBuilder(prefix.length() + LENGTH).append(prefix);
        for (int i = 0; i < LENGTH; i++) {
            id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return id.toString();
    }

    /** Ollama's {@code /v1} numbers its answers below 999. */
    static String small(String prefix) {
        return prefix + ThreadLocalRandom.current().nextInt(999);
    }
}

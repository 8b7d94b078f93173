package dev.weir.core;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/** Names of exchanges. */
final class RequestId {
    private static final int MAX_LENGTH = 128;
    private static final int LENGTH = 24;
    private static final int TIME_DIGITS = 8;
    private static final int RANDOM_DIGITS = 8;
    private static final byte[] DIGITS = "0123456789abcdefghjkmnpqrstvwxyz".getBytes(StandardCharsets.ISO_8859_1);

    private RequestId() {}

    /** The client's own {@code x-request-id} if it is sane, else a new one. */
    static String of(Headers headers) {
        String sent = headers.get("x-request-id");
        return sent != null && isSane(sent) ? sent : random();
    }

    private static boolean isSane(String id) {
        if (id.isEmpty() || id.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            boolean sane = Octets.isAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == ':';
            if (!sane) {
                return false;
            }
        }
        return true;
    }

    /**
     * The time in milliseconds in 8 letters and digits, then 80 random bits in 16. Ids that follow each other in time do so in
     * an index as well, so that a database adds them in one place.
     */
    static String random() {
        byte[] id = new byte[LENGTH];
        put(id, 0, TIME_DIGITS, System.currentTimeMillis());
        ThreadLocalRandom random = ThreadLocalRandom.current();
        put(id, TIME_DIGITS, RANDOM_DIGITS, random.nextLong());
        put(id, TIME_DIGITS + RANDOM_DIGITS, RANDOM_DIGITS, random.nextLong());
        return new String(id, StandardCharsets.ISO_8859_1);
    }

    /** Writes the lowest {@code 5 * digits} bits, the highest first. */
    private static void put(byte[] id, int from, int digits, long bits) {
        for (int i = 0; i < digits; i++) {
            id[from + i] = DIGITS[(int) (bits >>> (5 * (digits - 1 - i))) & 31];
        }
    }
}

package dev.weir.core;

import java.util.concurrent.ThreadLocalRandom;

/** Names of exchanges. */
final class RequestId {
    private static final int MAX_LENGTH = 128;
    private static final char[] DIGITS = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();

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

    /** 120 random bits in 24 letters and digits. */
    static String random() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        char[] id = new char[24];
        for (int word = 0; word < 2; word++) {
            long bits = random.nextLong();
            for (int i = 0; i < 12; i++) {
                id[12 * word + i] = DIGITS[(int) (bits >>> (5 * i)) & 31];
            }
        }
        return new String(id);
    }
}

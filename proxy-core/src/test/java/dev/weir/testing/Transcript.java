package dev.weir.testing;

import java.nio.charset.StandardCharsets;

/** The last bytes a test peer has received, made readable for the message of a failure. */
final class Transcript {
    private static final int KEPT_BYTES = 4096;

    private final byte[] ring = new byte[KEPT_BYTES];
    private long count;

    synchronized void add(byte[] bytes, int offset, int length) {
        for (int i = 0; i < length; i++) {
            ring[(int) (count++ % KEPT_BYTES)] = bytes[offset + i];
        }
    }

    synchronized long count() {
        return count;
    }

    @Override
    public synchronized String toString() {
        if (count == 0) {
            return "nothing received";
        }
        int kept = (int) Math.min(count, KEPT_BYTES);
        byte[] tail = new byte[kept];
        for (int i = 0; i < kept; i++) {
            tail[i] = ring[(int) ((count - kept + i) % KEPT_BYTES)];
        }
        return count + " bytes received" + (count > kept ? ", the last " + kept : "") + ":\n" + escape(tail);
    }

    /** Shows control characters as escapes, and a line of text for each line of bytes. */
    static String escape(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (char c : new String(bytes, StandardCharsets.ISO_8859_1).toCharArray()) {
            switch (c) {
                case '\r' -> text.append("\\r");
                case '\n' -> text.append("\\n\n");
                default -> {
                    if (c >= ' ' && c < 0x7f) {
                        text.append(c);
                    } else {
                        text.append(String.format("\\x%02x", (int) c));
                    }
                }
            }
        }
        return text.toString();
    }
}

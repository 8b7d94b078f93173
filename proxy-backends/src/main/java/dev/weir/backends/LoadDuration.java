package dev.weir.backends;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;

/**
 * Reads from the end of an Ollama's answer how long it took to load the model: {@code "load_duration"} of the only or last
 * object (docs/api.md), which stands behind everything that may be long. Keeps the last bytes and parses nothing. Runs on the
 * event loop; borrows what it is shown.
 */
final class LoadDuration {
    /** More than the figures at the end of an answer take. */
    private static final int TAIL_BYTES = 512;

    private static final int MAX_DIGITS = 18;
    private static final byte[] NAME = "\"load_duration\":".getBytes(US_ASCII);

    private final byte[] tail = new byte[TAIL_BYTES];
    private int length;

    /** The next part of the answer. */
    void add(ByteBuf part) {
        int added = Math.min(part.readableBytes(), TAIL_BYTES);
        int kept = Math.min(length, TAIL_BYTES - added);
        System.arraycopy(tail, length - kept, tail, 0, kept);
        part.getBytes(part.writerIndex() - added, tail, kept, added);
        length = kept + added;
    }

    /** What the answer so far says, in nanoseconds; 0 if it says nothing. */
    long nanos() {
        for (int from = length - NAME.length; from >= 0; from--) {
            if (isNameAt(from)) {
                return number(from + NAME.length);
            }
        }
        return 0;
    }

    /** In a text the quotes would stand behind backslashes. */
    private boolean isNameAt(int from) {
        for (int i = 0; i < NAME.length; i++) {
            if (tail[from + i] != NAME[i]) {
                return false;
            }
        }
        return true;
    }

    private long number(int from) {
        int at = from;
        while (at < length && tail[at] == ' ') {
            at++;
        }
        long number = 0;
        for (int digits = 0; at < length && tail[at] >= '0' && tail[at] <= '9'; at++) {
            if (++digits > MAX_DIGITS) {
                return 0;
            }
            number = number * 10 + tail[at] - '0';
        }
        return number;
    }
}

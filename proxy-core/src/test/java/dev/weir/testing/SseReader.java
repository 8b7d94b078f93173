package dev.weir.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts a body into server-sent events at their empty lines, whatever the framing of the body. */
final class SseReader {
    private byte[] pending = new byte[0];
    private int scannedBytes;

    void restart() {
        pending = new byte[0];
        scannedBytes = 0;
    }

    /** The next event without its empty line, or null when the body has ended. */
    @Nullable
    String next(BodyReader body, Deadline deadline) {
        while (true) {
            String event = takeEvent();
            if (event != null) {
                return event;
            }
            byte[] piece = body.next(deadline);
            if (piece == null) {
                return null;
            }
            ByteArrayOutputStream joined = new ByteArrayOutputStream();
            joined.writeBytes(pending);
            joined.writeBytes(piece);
            pending = joined.toByteArray();
        }
    }

    String unfinished() {
        return new String(pending, StandardCharsets.UTF_8);
    }

    private @Nullable String takeEvent() {
        for (int i = scannedBytes; i < pending.length; i++) {
            int emptyLineBytes = emptyLineBytesAt(i);
            if (emptyLineBytes > 0) {
                String event = new String(pending, 0, i, StandardCharsets.UTF_8);
                pending = Arrays.copyOfRange(pending, i + emptyLineBytes, pending.length);
                scannedBytes = 0;
                return event;
            }
        }
        scannedBytes = Math.max(0, pending.length - 3);
        return null;
    }

    private int emptyLineBytesAt(int i) {
        if (i + 1 < pending.length && pending[i] == '\n' && pending[i + 1] == '\n') {
            return 2;
        }
        boolean crlfTwice = i + 3 < pending.length
                && pending[i] == '\r'
                && pending[i + 1] == '\n'
                && pending[i + 2] == '\r'
                && pending[i + 3] == '\n';
        return crlfTwice ? 4 : 0;
    }
}

package dev.weir.pipeline.audit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What is written down of one exchange. Texts are short, of characters every database takes, and empty where there is
 * nothing; durations are 0 where something did not happen.
 *
 * @param timeMillis when the request's first byte came, by {@link System#currentTimeMillis}
 * @param requestId the exchange's id; clients may choose it, so it may not be the only one
 * @param request the request's body, if it is kept
 * @param response the answer's body, if it is kept
 */
public record AuditEntry(
        long timeMillis,
        String requestId,
        Sender sender,
        Call call,
        Service service,
        Result result,
        Timing timing,
        Traffic traffic,
        @Nullable Body request,
        @Nullable Body response) {

    /**
     * Who asked.
     *
     * @param keyId the key's id, or what the auth middleware calls others; empty for a key that was refused
     * @param user what the request says in {@code user}, else the key's name
     * @param client the client's address
     */
    public record Sender(String keyId, String keyName, String user, String client) {}

    /**
     * What was asked.
     *
     * @param route the route's pattern
     * @param path without the query, which may hold secrets
     * @param model as the request names it
     * @param conversation which conversation the chat belongs to, the request's own id if it stands alone; empty if it is none
     * @param stream whether the answer was a stream
     */
    public record Call(String method, String route, String path, String model, String conversation, boolean stream) {}

    /**
     * Who answered.
     *
     * @param model the configured model that served
     * @param cache {@code hit}, {@code miss} or {@code bypass} where the cache had a say
     */
    public record Service(String model, String backend, int attempts, String cache) {}

    /**
     * What came of it.
     *
     * @param status the answer's status, or 0 if the client left before there was one
     * @param outcome {@code answered}, {@code client_left} or {@code cut}
     * @param error the gateway's error, if it was one
     */
    public record Result(int status, String outcome, String error, String errorMessage) {}

    /** How long it took: all of it, to the answer's head, in the queue for a backend. */
    public record Timing(long totalMicros, long firstByteMicros, long queueMicros) {}

    /** How much it was, in bytes of bodies and in tokens. */
    public record Traffic(
            long requestBytes, long responseBytes, long promptTokens, long completionTokens, boolean estimated) {}

    /** A body that is kept, without secrets: in UTF-8, as it came and as it is stored. Immutable. */
    public static final class Body {
        private final byte[] utf8;
        private final boolean cut;

        /**
         * @param utf8 not to be changed any more
         * @param cut whether the rest is missing
         */
        Body(byte[] utf8, boolean cut) {
            this.utf8 = utf8;
            this.cut = cut;
        }

        Body(String text, boolean cut) {
            this(text.getBytes(StandardCharsets.UTF_8), cut);
        }

        public String text() {
            return new String(utf8, StandardCharsets.UTF_8);
        }

        /** Not to be changed. */
        byte[] utf8() {
            return utf8;
        }

        /** Whether the rest is missing. */
        public boolean cut() {
            return cut;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Body body && cut == body.cut && Arrays.equals(utf8, body.utf8);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(utf8);
        }

        @Override
        public String toString() {
            return text() + (cut ? "…" : "");
        }
    }

    /** How long the bodies are that are kept. */
    long bodyBytes() {
        return bytes(request) + bytes(response);
    }

    private static long bytes(@Nullable Body body) {
        return body == null ? 0 : body.utf8.length;
    }

    AuditEntry withoutBodies() {
        return request == null && response == null
                ? this
                : new AuditEntry(timeMillis, requestId, sender, call, service, result, timing, traffic, null, null);
    }
}

package dev.weir.backends;

/**
 * What keeps a model's requests on one target, so that its prompt cache is of use.
 *
 * @param by what requests have in common that belong together
 * @param header the field that names a session where {@code by} is {@link By#HEADER}, else the empty string
 */
public record Affinity(By by, String header) {
    public static final Affinity NONE = new Affinity(By.NONE, "");

    /** What requests have in common that belong together. */
    public enum By {
        NONE,
        /** The sender's key. */
        KEY,
        /** The user whom the sender names in the body. */
        USER,
        /** The conversation, by {@code x-conversation-id} or by how it begins. */
        CONVERSATION,
        /** The value of a header field. */
        HEADER
    }

    public Affinity {
        if ((by == By.HEADER) == header.isEmpty()) {
            throw new IllegalArgumentException(
                    "header: " + header + " (expected: a name where affinity is by header, and only there)");
        }
    }
}

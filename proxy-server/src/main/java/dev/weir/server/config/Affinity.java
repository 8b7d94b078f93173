package dev.weir.server.config;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What keeps a model's requests on one backend: {@code none}, {@code key}, {@code user}, {@code conversation}, or a header field
 * as {@code header:X-Session}.
 *
 * @param header the field's name where {@code by} is {@link By#HEADER}, else the empty string
 */
public record Affinity(By by, String header) {
    private static final String HEADER = "header:";

    /** RFC 9110 section 5.1. */
    private static final Pattern FIELD_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}");

    /** What requests have in common that belong together. */
    public enum By {
        NONE,
        KEY,
        USER,
        CONVERSATION,
        HEADER
    }

    /** Throws IllegalArgumentException saying what was expected. */
    public static Affinity parse(String text) {
        String word = text.toLowerCase(Locale.ROOT);
        if (word.startsWith(HEADER)
                && FIELD_NAME.matcher(text.substring(HEADER.length())).matches()) {
            return new Affinity(By.HEADER, text.substring(HEADER.length()));
        }
        return new Affinity(
                switch (word) {
                    case "none" -> By.NONE;
                    case "key" -> By.KEY;
                    case "user" -> By.USER;
                    case "conversation" -> By.CONVERSATION;
                    default ->
                        throw new IllegalArgumentException(
                                "expected one of none, key, user, conversation, or header:NAME with the name of a header field");
                },
                "");
    }

    @Override
    public String toString() {
        return by == By.HEADER ? HEADER + header : by.name().toLowerCase(Locale.ROOT);
    }
}
